// Cursors: where a page ended, as text that only the search that gave it takes back.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { RegistryError } from './error.ts';

/** Characters of the longest cursor: a name of 64 and a number, in base64. */
export const MAX_CURSOR_CHARACTERS = 192;

/** What the page's last row had in the columns that it is sorted by. */
export type CursorKey = readonly [value: string | number, tie: string | number];

const cursorSchema = z.tuple([
  z.string().length(8),
  z.union([z.string().max(64), z.number()]),
  z.union([z.string().max(64), z.number()]),
]);

/** `search` is what the cursor belongs to: the same query, filters and order. */
export function writeCursor(search: unknown, [value, tie]: CursorKey): string {
  const text = JSON.stringify([fingerprint(search), value, tie]);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Throws `registry/invalid` for a cursor that no page of this search gave. */
export function readCursor(search: unknown, cursor: string): CursorKey {
  const parsed = cursorSchema.safeParse(decoded(cursor));
  if (parsed.success && parsed.data[0] === fingerprint(search)) return [parsed.data[1], parsed.data[2]];
  throw new RegistryError('invalid', 'the cursor is not one that a page of this search gave', {
    where: 'cursor',
    fix: 'Begin again without a cursor.',
  });
}

/** Against mix-ups, not against forgery: a forged cursor shows no more than a search does. */
function fingerprint(search: unknown): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(search))).subarray(0, 4));
}

function decoded(cursor: string): unknown {
  try {
    return JSON.parse(atob(cursor.replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    return undefined;
  }
}
