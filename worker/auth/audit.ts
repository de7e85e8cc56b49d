// The audit log: what was done, by whom, to what. Rows are only ever added; triggers in the index refuse the rest.
import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types';
import { canonicalJson, type Json } from '../../plugins/contract/canonical-json.ts';

export interface AuditEntry {
  /** A handle, `bootstrap` or `schedule`. */
  readonly actor: string;
  /** Such as `token.create`. */
  readonly action: string;
  /** What it was done to: a handle, a style's name, a token's id. */
  readonly subject: string;
  /** Never a secret, an address, or more of a person than the handle. */
  readonly detail?: Readonly<Record<string, Json>>;
}

/** The statement that writes `entry`, to go into the same batch as the change that it tells of: both happen or neither. */
export function audit(database: D1Database, entry: AuditEntry): D1PreparedStatement {
  return database
    .prepare('INSERT INTO audit_log (at, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)')
    .bind(
      new Date().toISOString(),
      entry.actor,
      entry.action,
      entry.subject,
      canonicalJson(entry.detail ?? {}),
    );
}
