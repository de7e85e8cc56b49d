// What one publisher may have. Each limit is enforced in the statement that would pass it, so that races cannot.
import type { RegistryStores } from './release.ts';

/** Names of styles that a publisher owns. */
export const MAX_STYLES = 200;
/** Versions that a publisher publishes in 24 hours. */
export const MAX_DAILY_VERSIONS = 100;
/** Bytes of blobs that a publisher was the first to store, and of uploads under way. */
export const MAX_STORED_BYTES = 20 * 2 ** 30;
/** Uploads in parts under way at once. */
export const MAX_OPEN_UPLOADS = 16;

const DAY_MS = 86_400_000;

export interface Quota {
  readonly used: number;
  readonly limit: number;
}

export interface Quotas {
  readonly styles: Quota;
  readonly dailyVersions: Quota;
  readonly storedBytes: Quota;
  readonly openUploads: Quota;
}

/** The time from which versions count to the day. */
export function dayBefore(now: Date): string {
  return new Date(now.getTime() - DAY_MS).toISOString();
}

/** Bytes that count to publisher `?N`, as an SQL expression; blob `?M` itself is left out. */
export function storedBytesSql(publisher: string, except: string): string {
  return `(SELECT coalesce(sum(size), 0) FROM blobs WHERE publisher = ${publisher} AND sha256 <> ${except})
        + (SELECT coalesce(sum(size), 0) FROM uploads WHERE publisher = ${publisher} AND sha256 IS NOT ${except})`;
}

export async function quotasOf({ database }: RegistryStores, publisher: string): Promise<Quotas> {
  const row = await database
    .prepare(
      `SELECT (SELECT count(*) FROM owners WHERE publisher = ?1) AS styles,
              (SELECT count(*) FROM releases WHERE publisher = ?1 AND published_at > ?2) AS versions,
              ${storedBytesSql('?1', "''")} AS bytes,
              (SELECT count(*) FROM uploads WHERE publisher = ?1) AS uploads`,
    )
    .bind(publisher, dayBefore(new Date()))
    .first<{ styles: number; versions: number; bytes: number; uploads: number }>();
  return {
    styles: { used: row?.styles ?? 0, limit: MAX_STYLES },
    dailyVersions: { used: row?.versions ?? 0, limit: MAX_DAILY_VERSIONS },
    storedBytes: { used: row?.bytes ?? 0, limit: MAX_STORED_BYTES },
    openUploads: { used: row?.uploads ?? 0, limit: MAX_OPEN_UPLOADS },
  };
}
