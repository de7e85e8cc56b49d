// Reads CLIP's vocabulary from `vocab.json` and `merges.txt`, which are other people's files and are checked as such.
import { PromptError } from './error.ts';

/** Characters of either file; CLIP's larger one has under a million. */
export const MAX_VOCABULARY_CHARACTERS = 16 * 2 ** 20;
/** Tokens, and merges; CLIP has 49 408. */
export const MAX_VOCABULARY_TOKENS = 262_144;

export const START_TOKEN = '<|startoftext|>';
export const END_TOKEN = '<|endoftext|>';

export interface Vocabulary {
  /** Token → id. Ids are unique; `</w>` ends the tokens that close a word. */
  readonly ids: Readonly<Record<string, number>>;
  /** Pairs in order of rank; the two parts joined are a token. */
  readonly merges: readonly (readonly [string, string])[];
  readonly start: number;
  readonly end: number;
}

/** Throws `prompt/vocabulary` naming the file, the entry or line, and what was expected there. */
export function readVocabulary(vocabJson: string, mergesText: string): Vocabulary {
  const ids = readIds(vocabJson);
  const start = ids[START_TOKEN];
  const end = ids[END_TOKEN];
  if (start === undefined || end === undefined) {
    throw broken(
      'vocab.json',
      'a special token is missing',
      START_TOKEN.concat(' and ', END_TOKEN),
      'a vocabulary without them',
    );
  }
  return { ids, merges: readMerges(mergesText, ids), start, end };
}

function readIds(json: string): Record<string, number> {
  checkSize('vocab.json', json);
  const entries = Object.entries(parseObject(json));
  if (entries.length > MAX_VOCABULARY_TOKENS) {
    throw broken(
      'vocab.json',
      'there are too many tokens',
      `at most ${MAX_VOCABULARY_TOKENS}`,
      `${entries.length}`,
    );
  }
  const taken = new Set<number>();
  // Without a prototype, so that a token called `constructor` or `__proto__` is only a token.
  const ids: Record<string, number> = Object.create(null);
  for (const [token, id] of entries) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= MAX_VOCABULARY_TOKENS) {
      throw broken(
        'vocab.json',
        `token ${short(token)} has a wrong id`,
        `a whole number from 0 to ${MAX_VOCABULARY_TOKENS - 1}`,
        short(id),
      );
    }
    if (taken.has(id))
      throw broken(
        'vocab.json',
        `token ${short(token)} has the id of another token`,
        'each id once',
        `${id} twice`,
      );
    taken.add(id);
    ids[token] = id;
  }
  return ids;
}

function parseObject(json: string): object {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new PromptError('prompt/vocabulary', 'is not JSON', {
      where: 'vocab.json',
      found: short(json.slice(0, 40)),
      cause,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw broken(
    'vocab.json',
    'is not a table of tokens',
    'an object of token → id',
    Array.isArray(value) ? 'a list' : typeof value,
  );
}

function readMerges(text: string, ids: Readonly<Record<string, number>>): [string, string][] {
  checkSize('merges.txt', text);
  const lines = text.split(/\r?\n/);
  const merges: [string, string][] = [];
  for (const [i, line] of lines.entries()) {
    if (line === '' || (i === 0 && line.startsWith('#version'))) continue;
    const parts = line.split(' ');
    const [left, right] = parts;
    if (parts.length !== 2 || !left || !right) {
      throw broken(
        `merges.txt line ${i + 1}`,
        'is not a merge',
        'two parts and one space between them',
        short(line),
      );
    }
    if (ids[left + right] === undefined) {
      throw broken(
        `merges.txt line ${i + 1}`,
        'merges into no token',
        'a merge of this vocab.json',
        short(line),
      );
    }
    if (merges.push([left, right]) > MAX_VOCABULARY_TOKENS) {
      throw broken(
        'merges.txt',
        'there are too many merges',
        `at most ${MAX_VOCABULARY_TOKENS}`,
        `${lines.length} lines`,
      );
    }
  }
  return merges;
}

function checkSize(where: string, text: string): void {
  if (text.length <= MAX_VOCABULARY_CHARACTERS) return;
  throw broken(where, 'is too large', `at most ${MAX_VOCABULARY_CHARACTERS} characters`, `${text.length}`);
}

function broken(where: string, what: string, expected: string, found: string): PromptError {
  return new PromptError('prompt/vocabulary', what, {
    where,
    expected,
    found,
    fix: 'Use the vocab.json and merges.txt that were published with the checkpoint.',
  });
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
