// The tokenizer against OpenAI CLIP's ids, and hostile vocabularies.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { MAX_PROMPT_LENGTH } from '../../client/prompt/limits.ts';
import { createTokenizer } from '../../client/prompt/tokenizer.ts';
import { MAX_VOCABULARY_CHARACTERS, MAX_VOCABULARY_TOKENS } from '../../client/prompt/vocabulary.ts';

const read = (path: string) => readFileSync(new URL(`../golden/sd-tiny/${path}`, import.meta.url), 'utf8');
const vocab = read('vocab.json');
const merges = read('merges.txt');
const config = JSON.parse(read('config.json')) as { prompt: string; negative_prompt: string };
const tiny = createTokenizer(vocab, merges);

/** The rows of `input_ids` [2, 77], which the golden expectations hold as float32. */
async function goldenInputIds(): Promise<number[][]> {
  const bytes = readFileSync(new URL('../golden/sd-tiny/expected.safetensors', import.meta.url));
  const { shape, data } = await (await openSafetensors(bytesSource('expected.safetensors', bytes))).read(
    'input_ids',
  );
  return Array.from({ length: shape[0]! }, (_, row) => [
    ...data.slice(row * shape[1]!, (row + 1) * shape[1]!),
  ]);
}

describe('createTokenizer on the golden model', () => {
  it('gives the golden input ids of prompt and negative prompt', async () => {
    const rows = await goldenInputIds();
    const idsOf = (text: string) => [598, ...tiny.encode(text), ...Array<number>(77).fill(599)].slice(0, 77);
    expect(idsOf(config.prompt)).toEqual(rows[0]);
    expect(idsOf(config.negative_prompt)).toEqual(rows[1]);
  });

  it('knows its special tokens and size', () => {
    expect([tiny.start, tiny.end, tiny.size]).toEqual([598, 599, 600]);
    expect(tiny.encode('<|startoftext|>')).toEqual([598]);
  });

  it('splits digits and contractions, and ignores case and blanks', () => {
    expect(tiny.encode('12')).toEqual([...tiny.encode('1'), ...tiny.encode('2')]);
    expect(tiny.encode('A\tPhoto \n OF')).toEqual(tiny.encode('a photo of'));
    expect(tiny.encode("it's")).toEqual([...tiny.encode('it'), ...tiny.encode("'s")]);
  });

  it('composes letters with their accents', () => {
    expect(tiny.encode('cafe\u0301')).toEqual(tiny.encode('caf\u00e9'));
  });

  it('refuses a prompt of a megabyte in words', () => {
    expect(() => tiny.encode('a'.repeat(2 ** 20))).toThrow(
      /the prompt is too long; expected at most 32768 characters, found 1048576/,
    );
    expect(tiny.encode('a '.repeat(MAX_PROMPT_LENGTH / 2)).length).toBe(MAX_PROMPT_LENGTH / 2);
  });
});

describe('createTokenizer on hostile files', () => {
  const special = '"<|startoftext|>": 1, "<|endoftext|>": 2';

  it.each([
    ['no JSON', '{', '', /vocab\.json: is not JSON/],
    ['a list', '[]', '', /expected an object of token → id, found a list/],
    ['null', 'null', '', /expected an object of token → id/],
    [
      'an id that is text',
      `{"a": "0", ${special}}`,
      '',
      /token "a" has a wrong id; expected a whole number from 0 to 262143, found "0"/,
    ],
    ['a negative id', `{"a": -1, ${special}}`, '', /token "a" has a wrong id/],
    ['a huge id', `{"a": 1e9, ${special}}`, '', /token "a" has a wrong id/],
    [
      'an id twice',
      `{"a": 1, ${special}}`,
      '',
      /has the id of another token; expected each id once, found 1 twice/,
    ],
    ['no special tokens', '{"a": 0}', '', /a special token is missing/],
    ['a merge of three', `{"ab": 0, ${special}}`, 'a b c', /merges\.txt line 1: is not a merge/],
    ['a merge of one', `{"ab": 0, ${special}}`, '#version: 0.2\nab', /merges\.txt line 2: is not a merge/],
    [
      'a merge into nothing',
      `{"ab": 0, ${special}}`,
      'a b\nb a',
      /merges\.txt line 2: merges into no token.*published with the checkpoint/,
    ],
  ])('refuses %s', (_, vocabulary, mergesText, message) => {
    expect(() => createTokenizer(vocabulary, mergesText)).toThrow(message);
  });

  it('bounds both files', () => {
    const spaces = ' '.repeat(MAX_VOCABULARY_CHARACTERS);
    expect(() => createTokenizer(`${spaces}{}`, '')).toThrow(
      /vocab\.json: is too large; expected at most 16777216 characters/,
    );
    expect(() => createTokenizer(vocab, `${spaces}a b`)).toThrow(/merges\.txt: is too large/);
    const many = JSON.stringify(
      Object.fromEntries(Array.from({ length: MAX_VOCABULARY_TOKENS + 1 }, (_, i) => [`t${i}`, i])),
    );
    expect(() => createTokenizer(many, '')).toThrow(
      /there are too many tokens; expected at most 262144, found 262145/,
    );
    const repeated = 'a b\n'.repeat(MAX_VOCABULARY_TOKENS + 1);
    expect(() => createTokenizer(`{"ab": 0, ${special}}`, repeated)).toThrow(/there are too many merges/);
  });

  it('takes tokens named like properties for tokens', () => {
    const tokenizer = createTokenizer(`{"__proto__": 0, "constructor": 3, "a</w>": 4, ${special}}`, '');
    expect(tokenizer.encode('a')).toEqual([4]);
    expect(() => createTokenizer(`{${special}}`, 'to String')).toThrow(/merges into no token/);
  });

  it('gives the end token for what the vocabulary lacks', () => {
    expect(createTokenizer(`{"a</w>": 0, ${special}}`, '').encode('a b')).toEqual([0, 2]);
  });
});

const clip = new URL('../../../shared/golden/clip-tokenizer/', import.meta.url);
if (existsSync(clip)) {
  describe('createTokenizer on CLIP’s own vocabulary', () => {
    const file = (name: string) => readFileSync(new URL(name, clip), 'utf8');
    const tokenizer = createTokenizer(file('vocab.json'), file('merges.txt'));
    const cases = JSON.parse(file('cases.json')) as { text: string; ids: number[] }[];

    it.each(cases)('gives CLIP’s ids for $text', ({ text, ids }) => {
      expect(tokenizer.encode(text)).toEqual(ids);
    });
  });
} else {
  console.warn(
    'tests/prompt/tokenizer: the clip-tokenizer golden cases are absent, so CLIP’s own vocabulary is NOT tested here.',
  );
}
