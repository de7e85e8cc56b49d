// The Range header of RFC 9110 (§14) for one range of bytes.
import type { ByteRange } from '../storage/blob-store.ts';

/**
 * The bytes that `header` asks for of `size`; `undefined` where the whole is to be sent: no header, another
 * unit, a syntax error, or several ranges (§14.2 allows to ignore them). `unsatisfiable` is for status 416.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): ByteRange | undefined | 'unsatisfiable' {
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { offset: size - length, length };
  }
  const offset = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < offset) return undefined;
  return offset >= size ? 'unsatisfiable' : { offset, length: end - offset + 1 };
}

/** The bytes that `header` asks for where it names both ends, so that they can be asked for before the size is known. */
export function closedRange(header: string | undefined): ByteRange | undefined {
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/i.exec(header ?? '');
  if (match === null) return undefined;
  const offset = Number(match[1]);
  const length = Number(match[2]) - offset + 1;
  return length >= 1 ? { offset, length } : undefined;
}

/** Whether an If-None-Match header names this etag, by the weak comparison that RFC 9110 §13.1.2 asks for. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header
    .split(',')
    .some((candidate) => candidate.trim().replace(/^W\//, '') === etag.replace(/^W\//, ''));
}
