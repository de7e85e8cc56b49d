// Searching: the latest visible version of each style or model that fits, in order of name, page by page.
import { RegistryError } from './error.ts';
import { foldForSearch } from './publish.ts';
import {
  RELEASE_COLUMNS,
  type RegistryStores,
  type Release,
  type ReleaseKind,
  type ReleaseRow,
  releaseOf,
} from './release.ts';

export const MAX_PAGE = 100;
/** Words of one query; each costs a scan of the candidates' text. */
export const MAX_QUERY_WORDS = 8;

export interface Search {
  /** Every word must occur somewhere in the texts. */
  readonly text?: string | undefined;
  readonly architecture?: string | undefined;
  readonly contextWidth?: number | undefined;
  /** 1 … `MAX_PAGE`. */
  readonly limit: number;
  /** Where the page before ended. */
  readonly cursor?: string | undefined;
}

export interface Page {
  readonly releases: readonly Release[];
  /** For the next page; null on the last one. */
  readonly nextCursor: string | null;
}

/** One page of a search. Throws `registry/invalid` for a cursor that no page gave, or too many words. */
export async function search({ database }: RegistryStores, kind: ReleaseKind, wanted: Search): Promise<Page> {
  const words = foldForSearch(wanted.text ?? '')
    .split(/\s+/u)
    .filter((word) => word !== '');
  if (words.length > MAX_QUERY_WORDS) {
    throw new RegistryError('invalid', 'too many words', {
      where: 'q',
      expected: `at most ${MAX_QUERY_WORDS}`,
    });
  }
  const conditions = ['r.kind = ?', 'r.name > ?'];
  const values: (string | number)[] = [kind, wanted.cursor === undefined ? '' : nameOf(wanted.cursor)];
  if (wanted.architecture !== undefined) {
    conditions.push('r.architecture = ?');
    values.push(wanted.architecture);
  }
  if (wanted.contextWidth !== undefined) {
    conditions.push('r.context_width = ?');
    values.push(wanted.contextWidth);
  }
  for (const word of words) {
    // Not LIKE: D1 bounds its patterns at 50 bytes, and instr needs no escaping.
    conditions.push('instr(r.search_text, ?) > 0');
    values.push(word);
  }
  const { results } = await database
    .prepare(
      `SELECT ${RELEASE_COLUMNS} FROM releases r
        WHERE ${conditions.join(' AND ')}
          AND r.rank = (SELECT max(l.rank) FROM releases l
                         WHERE l.kind = r.kind AND l.name = r.name AND l.yanked_at IS NULL AND l.taken_down_at IS NULL)
        ORDER BY r.name LIMIT ?`,
    )
    .bind(...values, wanted.limit + 1)
    .all<ReleaseRow>();
  const rows = results.slice(0, wanted.limit);
  const last = rows.at(-1);
  return {
    releases: rows.map(releaseOf),
    nextCursor: results.length > wanted.limit && last !== undefined ? cursorOf(last.name) : null,
  };
}

/** Names are ASCII, so btoa can spell them; the prefix keeps readers from building cursors by hand. */
function cursorOf(name: string): string {
  return btoa(`name:${name}`).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function nameOf(cursor: string): string {
  try {
    const text = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
    if (text.startsWith('name:')) return text.slice('name:'.length);
  } catch {
    // Not base64: told below, as any other cursor that is not ours.
  }
  throw new RegistryError('invalid', 'the cursor is not one that a page gave', { where: 'cursor' });
}
