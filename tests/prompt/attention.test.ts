// Prompt weights against AUTOMATIC1111's parser.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_ATTENTION_DEPTH, parseAttention } from '../../client/prompt/attention.ts';
import { MAX_PROMPT_LENGTH } from '../../client/prompt/limits.ts';

const golden = JSON.parse(readFileSync(new URL('../golden/prompts.json', import.meta.url), 'utf8')) as {
  prompt_attention: { text: string; parts: [string, number][] }[];
};

describe('parseAttention', () => {
  it.each(golden.prompt_attention)('parses $text as the reference does', ({ text, parts }) => {
    expect(parseAttention(text)).toEqual(parts);
  });

  it.each([
    [
      'a BREAK BREAK b',
      [
        ['a', 1],
        ['BREAK', -1],
        ['', 1],
        ['BREAK', -1],
        ['b', 1],
      ],
    ],
    ['BREAKFAST', [['BREAKFAST', 1]]],
    ['a) b] c:1.3)', [['a) b] c:1.3)', 1]]],
    ['a\\\\b \\x', [['a\\b x', 1]]],
  ])('parses %s', (text, parts) => {
    expect(parseAttention(text)).toEqual(parts);
  });

  it('refuses a weight with two points', () => {
    expect(() => parseAttention('(a:1.2.3)')).toThrow(
      /weight of a bracket is not a number.*found :1\.2\.3\)/,
    );
  });

  it('keeps text without brackets, backslashes and BREAK whole', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        fc.pre(!/[()[\]\\]|BREAK/.test(text));
        expect(parseAttention(text)).toEqual([[text, 1]]);
      }),
    );
  });

  it('gives every text with its brackets escaped back', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('a', ' ', '(', ')', '[', ']', '\\', ':', '1', '.'),
          maxLength: 40,
        }),
        (text) => {
          const escaped = text.replace(/[()[\]\\]/g, '\\$&');
          expect(parseAttention(escaped)).toEqual([[text, 1]]);
        },
      ),
    );
  });

  it('bounds length and depth', () => {
    expect(parseAttention(`${'('.repeat(MAX_ATTENTION_DEPTH)}a`)[0]![1]).toBeCloseTo(1.1 ** 100, 4);
    expect(() => parseAttention(`${'(['.repeat(MAX_ATTENTION_DEPTH)}a`)).toThrow(
      /nested too deep; expected at most 100/,
    );
    expect(() => parseAttention('('.repeat(MAX_PROMPT_LENGTH + 1))).toThrow(/the prompt is too long/);
  });
});
