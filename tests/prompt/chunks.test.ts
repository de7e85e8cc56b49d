// How prompts become chunks: where they end, what moves on, where embeddings stand.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkPrompt, MAX_CHUNKS } from '../../client/prompt/chunks.ts';
import { EmbeddingWords, type NamedEmbedding } from '../../client/prompt/embedding-words.ts';
import { createTokenizer } from '../../client/prompt/tokenizer.ts';

const read = (path: string) => readFileSync(new URL(`../golden/sd-tiny/${path}`, import.meta.url), 'utf8');
const tokenizer = createTokenizer(read('vocab.json'), read('merges.txt'));
const tokens = { ...tokenizer, padding: tokenizer.end };
const [cat, comma] = [tokenizer.encode('cat'), tokenizer.comma];
// A word of one token, so that places can be counted.
const word = 'a';
const [one] = tokenizer.encode(word) as [number];
const chunk = (text: string, embeddings: readonly NamedEmbedding[] = []) =>
  chunkPrompt(text, tokens, new EmbeddingWords(embeddings, tokenizer));
/** The tokens of a chunk without start, end and padding. */
const inside = ({ ids }: { ids: Int32Array }) => {
  const end = ids.indexOf(tokenizer.end, 1);
  return [...ids.slice(1, end)];
};
const words = (count: number) => Array<string>(count).fill(word).join(' ');

describe('chunkPrompt', () => {
  it('gives one chunk for the empty prompt, and closes one at BREAK', () => {
    expect(chunk('').map(inside)).toEqual([[]]);
    expect(chunk('cat BREAK a').map(inside)).toEqual([cat, [one]]);
    expect(chunk('cat BREAK').map(inside)).toEqual([cat]);
  });

  it('pads with the end token, or with what follows it elsewhere', () => {
    expect([...chunk(word)[0]!.ids]).toEqual([
      tokenizer.start,
      one,
      ...Array<number>(75).fill(tokenizer.end),
    ]);
    const [other] = chunkPrompt(word, { ...tokens, padding: 0 }, new EmbeddingWords([], tokenizer));
    expect([...other!.ids.slice(0, 4)]).toEqual([tokenizer.start, one, tokenizer.end, 0]);
  });

  it('goes on in the next chunk after 75 tokens, and full chunks leave no empty one', () => {
    expect(chunk(words(75)).map((it) => inside(it).length)).toEqual([75]);
    expect(chunk(words(151)).map((it) => inside(it).length)).toEqual([75, 75, 1]);
  });

  it('moves what follows a comma within the last 20 tokens to the next chunk', () => {
    expect(chunk(`${words(60)}, ${words(20)}`).map((it) => inside(it).length)).toEqual([61, 20]);
    expect(chunk(`${words(55)}, ${words(25)}`).map((it) => inside(it).length)).toEqual([56, 25]);
    expect(chunk(`${words(54)}, ${words(26)}`).map((it) => inside(it).length)).toEqual([75, 6]);
    // A comma that finds the chunk full begins the next one.
    expect(chunk(`${words(75)}, a`).map(inside)[1]).toEqual([comma, one]);
  });

  it('weighs tokens, not start, end and padding', () => {
    const { weights } = chunk('(a:1.3) a')[0]!;
    expect([...weights.slice(0, 4)]).toEqual([1, Math.fround(1.3), 1, 1]);
  });

  it('keeps every token of any text, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'cat,', ',', 'apple', '7'), { maxLength: 300 }), (parts) => {
        const text = parts.join(' ');
        expect(chunk(text).flatMap(inside)).toEqual(tokenizer.encode(text));
      }),
    );
  });

  it('refuses more chunks than it may have', () => {
    const text = Array<string>(MAX_CHUNKS).fill(word).join(' BREAK ');
    expect(chunk(text).length).toBe(MAX_CHUNKS);
    expect(() => chunk(`${text} BREAK a`)).toThrow(/too many tokens; expected at most 32 chunks/);
  });
});

describe('embeddings in chunks', () => {
  const brush = { words: ['brush', 'old brush'], count: 3 };
  const at = (text: string, embeddings: readonly NamedEmbedding[] = [brush]) =>
    chunk(text, embeddings).map(({ placed }) => placed.map((it) => it.at));

  it('stand in their word’s place, whatever its case', () => {
    expect(at('a brush a BRUSH')).toEqual([[2, 6]]);
    expect(chunk('a brush a', [brush])[0]!.ids.slice(0, 7)).toEqual(
      Int32Array.of(tokenizer.start, one, 0, 0, 0, one, tokenizer.end),
    );
  });

  it('take the longest word that fits, and the first embedding that has it', () => {
    expect(at('old brush a')).toEqual([[1]]);
    const other = { words: ['brush'], count: 1 };
    expect(chunk('brush', [brush, other])[0]!.placed[0]!.embedding).toBe(brush);
    // A word of one's own goes before the other word of an earlier one.
    const renamed = { words: ['new', 'brush'], count: 2 };
    expect(chunk('brush', [renamed, other])[0]!.placed[0]!.embedding).toBe(other);
  });

  it('are never split, and move with their tokens', () => {
    expect(at(`${words(73)} brush`)).toEqual([[], [1]]);
    expect(at(`${words(60)}, brush ${words(20)}`)).toEqual([[], [1]]);
  });

  it('carry their weight', () => {
    expect([...chunk('(brush:0.5)', [brush])[0]!.weights.slice(0, 5)]).toEqual([1, 0.5, 0.5, 0.5, 1]);
  });

  it('tell which are used', () => {
    const found = new EmbeddingWords([brush, { words: ['cat'], count: 1 }], tokenizer);
    chunkPrompt('a brush', tokens, found);
    expect(found.used).toEqual([brush]);
  });

  it('refuse words without signs, and more vectors than a chunk has places', () => {
    expect(() => new EmbeddingWords([{ words: ['  '], count: 1 }], tokenizer)).toThrow(/no word/);
    expect(() => chunk('brush', [{ words: ['brush'], count: 76 }])).toThrow(
      /brush is too long for a chunk; expected at most 75 vectors, found 76/,
    );
  });
});
