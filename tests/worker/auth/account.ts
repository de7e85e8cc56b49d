// Publishers, tokens and sessions put straight into a local edge's index, for tests of what they may do.
import { newToken, type Scope } from '../../../plugins/contract/token.ts';
import { hashOf, newSecret } from '../../../worker/auth/secret.ts';
import type { LocalEdge } from '../../../worker/serve.ts';

const DAY_MS = 86_400_000;

export async function addPublisher(
  { stores }: LocalEdge,
  handle: string,
  role: 'publisher' | 'administrator' = 'publisher',
): Promise<void> {
  await stores.database
    .prepare('INSERT INTO publishers (handle, display_name, role, created_at) VALUES (?, ?, ?, ?)')
    .bind(handle, handle, role, new Date().toISOString())
    .run();
}

export interface TestToken {
  readonly id: string;
  readonly token: string;
  /** For `fetch`. */
  readonly headers: { readonly authorization: string };
}

/** A token of `publisher`; `days` may be negative for one that has expired. */
export async function addToken(
  { stores }: LocalEdge,
  publisher: string,
  scopes: readonly Scope[],
  days = 1,
): Promise<TestToken> {
  const token = newToken();
  const id = crypto.randomUUID();
  const now = Date.now();
  await stores.database
    .prepare(
      `INSERT INTO tokens (id, hash, publisher, name, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(
      id,
      await hashOf(token),
      publisher,
      'test',
      JSON.stringify(scopes),
      new Date(now).toISOString(),
      new Date(now + days * DAY_MS).toISOString(),
    )
    .run();
  return { id, token, headers: { authorization: `Bearer ${token}` } };
}

/** A session of `publisher`: its Cookie header. `days` as for tokens. */
export async function addSession(edge: LocalEdge, publisher: string, days = 1): Promise<string> {
  const secret = newSecret();
  const now = Date.now();
  await edge.stores.database
    .prepare('INSERT INTO sessions (hash, publisher, created_at, expires_at) VALUES (?, ?, ?, ?)')
    .bind(
      await hashOf(secret),
      publisher,
      new Date(now).toISOString(),
      new Date(now + days * DAY_MS).toISOString(),
    )
    .run();
  return `tincture-${new URL(edge.url).port}=${secret}`;
}
