// Reading the audit log, newest first.
import { RegistryError } from './error.ts';
import type { RegistryStores } from './release.ts';

export interface AuditRecord {
  readonly id: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface AuditPage {
  readonly entries: readonly AuditRecord[];
  readonly nextCursor: string | null;
}

/**
 * One page of at most `limit` entries: of all actors, or where `publisher` is given of what it did itself and of what was done to
 * its styles. Throws `registry/invalid` for a cursor that no page gave.
 */
export async function readAudit(
  { database }: RegistryStores,
  publisher: string | undefined,
  limit: number,
  cursor: string | undefined,
): Promise<AuditPage> {
  if (cursor !== undefined && !/^[1-9]\d{0,14}$/.test(cursor)) {
    throw new RegistryError('invalid', 'the cursor is not one that a page gave', { where: 'cursor' });
  }
  const { results } = await database
    .prepare(
      `SELECT id, at, actor, action, subject, detail FROM audit_log
        WHERE id < ?1
          AND (?2 IS NULL OR actor = ?2 OR subject = ?2 OR subject IN (SELECT name FROM owners WHERE publisher = ?2))
        ORDER BY id DESC LIMIT ?3`,
    )
    .bind(cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor), publisher ?? null, limit + 1)
    .all<Omit<AuditRecord, 'detail'> & { detail: string }>();
  const entries = results.slice(0, limit).map((row) => ({ ...row, detail: JSON.parse(row.detail) }));
  const last = entries.at(-1);
  return { entries, nextCursor: results.length > limit && last !== undefined ? String(last.id) : null };
}
