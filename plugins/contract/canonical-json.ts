// Canonical JSON (RFC 8785): one spelling for each value, so that a digest or a signature over it means the value.
import { TinctureError } from './error.ts';

/** Deeper nesting is refused: a manifest is a few levels deep, and recursion must not exhaust the stack. */
export const MAX_JSON_DEPTH = 32;

/** A value that JSON can spell. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Spells `value` as RFC 8785 says: no white space, keys sorted by UTF-16 code units, numbers and strings as
 * ECMAScript's JSON.stringify writes them. Throws `json/not-canonical` with the place for what JSON cannot
 * carry without change: NaN and infinities, undefined, functions, lone surrogates, objects that are not plain,
 * and nesting beyond `MAX_JSON_DEPTH`.
 */
export function canonicalJson(value: unknown): string {
  return spell(value, '$', 0);
}

function spell(value: unknown, where: string, depth: number): string {
  if (depth > MAX_JSON_DEPTH) throw refused(where, `at most ${MAX_JSON_DEPTH} levels`, 'deeper nesting');
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw refused(where, 'a finite number', String(value));
    return JSON.stringify(value);
  }
  if (typeof value === 'string') return spellString(value, where);
  if (Array.isArray(value)) {
    // Array.from visits holes too, which map would skip.
    return `[${Array.from(value, (item, index) => spell(item, `${where}[${index}]`, depth + 1)).join(',')}]`;
  }
  if (typeof value === 'object' && isPlain(value)) {
    // The default order of sort() is that of UTF-16 code units, as the RFC asks.
    const members = Object.keys(value)
      .sort()
      .map((key) => {
        const place = `${where}.${key}`;
        return `${spellString(key, place)}:${spell((value as Record<string, unknown>)[key], place, depth + 1)}`;
      });
    return `{${members.join(',')}}`;
  }
  throw refused(where, 'a JSON value', typeof value === 'object' ? 'an object of a class' : typeof value);
}

function spellString(text: string, where: string): string {
  if (!text.isWellFormed()) throw refused(where, 'well-formed Unicode', 'a lone surrogate');
  return JSON.stringify(text);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function refused(where: string, expected: string, found: string): TinctureError {
  return new TinctureError('json/not-canonical', 'the value has no canonical JSON', {
    where,
    expected,
    found,
  });
}
