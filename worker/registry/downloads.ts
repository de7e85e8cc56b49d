// Counting downloads without a write for each: reads are added up in the isolate and written in one batch now and then.
import type { D1Database } from '@cloudflare/workers-types';

/**
 * What counts: a whole GET of a version's principal file, which is its weights, the plugin where it has none, or a model's
 * checkpoint. Not ranges, HEAD, or readers that have it already (304). A file that several versions share counts for the one
 * name that published it first, and of that name for the preferred visible version, so that a copy under another name takes no
 * downloads away. What caches on the way answer never comes here and is not counted.
 *
 * An isolate that ends loses what it has not written: at most `FLUSH_READS` reads, or those of `FLUSH_SECONDS`.
 */
export const FLUSH_READS = 64;
export const FLUSH_SECONDS = 10;
/** Digests waiting at once, should the index not take them; further ones are not counted. */
export const MAX_WAITING = 4096;
/** Statements of one batch. */
const BATCH = 100;

const ADD = `INSERT INTO downloads (kind, name, version, count)
  SELECT r.kind, r.name, r.version, ?2 FROM releases r
   WHERE (r.kind, r.name, r.version) = (
     SELECT f.kind, f.name, f.version FROM release_files f
       JOIN releases p ON p.kind = f.kind AND p.name = f.name AND p.version = f.version
      WHERE f.sha256 = ?1 AND (f.path = 'weights'
         OR (f.path = 'plugin' AND json_extract(p.manifest, '$.blobs.weights') IS NULL)
         OR (p.kind = 'model' AND f.path = json_extract(p.manifest, '$.checkpoint')))
        AND p.taken_down_at IS NULL
      ORDER BY
        (SELECT min(e.published_at) FROM release_files g
           JOIN releases e ON e.kind = g.kind AND e.name = g.name AND e.version = g.version
          WHERE g.sha256 = f.sha256 AND g.kind = p.kind AND g.name = p.name),
        p.name, p.yanked_at IS NOT NULL, p.rank DESC LIMIT 1)
  ON CONFLICT (kind, name, version) DO UPDATE SET count = count + excluded.count`;

/** Counts reads by digest until `flush`; one for each isolate. */
export class DownloadCounter {
  #waiting = new Map<string, number>();
  #reads = 0;
  #timer = false;

  /** Digests that wait to be written. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Counts one whole read of `sha256`. `keepAlive` (waitUntil) is given the write when `FLUSH_READS` are together, and else,
   * for the first of them, one that waits `FLUSH_SECONDS`.
   */
  count(sha256: string, database: D1Database, keepAlive: (work: Promise<void>) => void): void {
    if (!this.#waiting.has(sha256) && this.#waiting.size >= MAX_WAITING) return;
    this.#waiting.set(sha256, (this.#waiting.get(sha256) ?? 0) + 1);
    if (++this.#reads >= FLUSH_READS) {
      keepAlive(this.flush(database));
    } else if (!this.#timer) {
      this.#timer = true;
      const later = new Promise<void>((resolve) => setTimeout(resolve, FLUSH_SECONDS * 1000));
      keepAlive(
        later.then(() => {
          this.#timer = false;
          return this.flush(database);
        }),
      );
    }
  }

  /** Writes what waits. Where that fails it waits on, and the error is thrown. Digests of no version are dropped. */
  async flush(database: D1Database): Promise<void> {
    const counts = this.#waiting;
    this.#waiting = new Map();
    this.#reads = 0;
    const entries = [...counts];
    while (entries.length > 0) {
      const part = entries.slice(0, BATCH);
      try {
        await database.batch(part.map(([sha256, count]) => database.prepare(ADD).bind(sha256, count)));
      } catch (error) {
        for (const [sha256, count] of entries) {
          this.#waiting.set(sha256, (this.#waiting.get(sha256) ?? 0) + count);
        }
        throw error;
      }
      entries.splice(0, BATCH);
    }
  }
}

/** This isolate's. */
export const downloadCounter = new DownloadCounter();
