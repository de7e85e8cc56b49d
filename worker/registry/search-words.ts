// Words of searches: how texts and queries are folded alike, and how a query becomes one of SQLite's full text search.
import { RegistryError } from './error.ts';

/** Words of one query. */
export const MAX_QUERY_WORDS = 8;

/** Scripts that write without spaces: each letter counts as a word of its own. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]\p{M}*/gu;
/** What the index takes for parts of words: letters, digits and their marks. Nothing of this means anything in a query's syntax. */
const WORD = /[\p{L}\p{N}\p{Co}][\p{L}\p{N}\p{Co}\p{M}]*/gu;

/** Folds text so that search ignores case and compatibility forms. */
export function foldForSearch(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll(UNSPACED, ' $& ');
}

/** What a query asks for. */
export type Wanted =
  /** No words: everything. */
  | { readonly kind: 'all' }
  /** Words, but none that any text could hold, such as `%`. */
  | { readonly kind: 'none' }
  /** Folded words, and an FTS5 expression of them. */
  | { readonly kind: 'words'; readonly words: readonly string[]; readonly match: string };

/**
 * Reads a query: every word must occur, the last one also as the beginning of a word. A word that the index would split, such
 * as `line-art`, must occur as a phrase. Throws `registry/invalid` for more than `MAX_QUERY_WORDS`.
 */
export function readQuery(text: string): Wanted {
  const spaced = text.split(/\s+/u).filter((word) => word !== '');
  if (spaced.length > MAX_QUERY_WORDS) {
    throw new RegistryError('invalid', 'too many words', {
      where: 'q',
      expected: `at most ${MAX_QUERY_WORDS}`,
    });
  }
  if (spaced.length === 0) return { kind: 'all' };
  const words = spaced.map((word) => foldForSearch(word).trim());
  const phrases = words.map((word) => word.match(WORD)?.join(' ')).filter((it) => it !== undefined);
  if (phrases.length === 0) return { kind: 'none' };
  return { kind: 'words', words, match: `${phrases.map((phrase) => `"${phrase}"`).join(' ')}*` };
}
