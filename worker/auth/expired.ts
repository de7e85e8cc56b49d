// Sign-ins that have ended leave the index by the clock, also where nobody signs in any more.
import type { D1Database } from '@cloudflare/workers-types';

/** Deletes what has expired before `now`. None of it counts any more; tokens stay, because their owners see them ended. */
export async function forgetExpired(database: D1Database, now: Date): Promise<void> {
  const time = now.toISOString();
  await database.batch([
    database.prepare('DELETE FROM sessions WHERE expires_at < ?').bind(time),
    database.prepare('DELETE FROM challenges WHERE expires_at < ?').bind(time),
    database.prepare('DELETE FROM device_logins WHERE expires_at < ?').bind(time),
  ]);
}
