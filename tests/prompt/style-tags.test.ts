// Style tags in prompts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatStyleTag, parseStyleTags } from '../../client/prompt/style-tags.ts';

describe('parseStyleTags', () => {
  it('takes tags out and leaves the rest as it is', () => {
    expect(parseStyleTags('a cat <hypernet:blueprint:0.8>, on a <hypernet:Neon> mat')).toEqual({
      text: 'a cat , on a  mat',
      styles: [
        { name: 'blueprint', strength: 0.8 },
        { name: 'Neon', strength: 1 },
      ],
      others: [],
    });
  });

  it('takes tags of other networks out and tells them; what is no tag stays', () => {
    expect(parseStyleTags('plain <lora:x:1> text < 3 <brush> a<b:c')).toEqual({
      text: 'plain  text < 3 <brush> a<b:c',
      styles: [],
      others: ['<lora:x:1>'],
    });
  });

  it.each([
    ['<hypernet:a:-0.5>', -0.5],
    ['<hypernet:a:.5>', 0.5],
    ['<hypernet:a:+2.>', 2],
    ['<hypernet:a: 1e-1 >', 0.1],
    ['<HYPERNET:a:0>', 0],
  ])('reads the strength of %s', (prompt, strength) => {
    expect(parseStyleTags(prompt)).toEqual({ text: '', styles: [{ name: 'a', strength }], others: [] });
  });

  it.each(['', 'x', '0x10', '1,5', 'NaN', 'Infinity', '1e999'])('refuses the strength %j', (strength) => {
    expect(() => parseStyleTags(`a <hypernet:neon:${strength}>`)).toThrow(
      /the strength of style neon is not a number; expected <hypernet:name> or <hypernet:name:0\.8>, found <hypernet:neon:/,
    );
  });

  it.each([
    ['<hypernet:>', /names no style/],
    ['<hypernet: :1>', /names no style/],
    ['<hypernet:a:1:2>', /too many parts/],
    ['<hypernet:a:1 and more', /never closed/],
    ['<hypernet:a:1 <hypernet:b:1>', /never closed/],
  ])('refuses %s', (prompt, message) => {
    expect(() => parseStyleTags(prompt)).toThrow(message);
  });

  it('refuses endless prompts', () => {
    expect(() => parseStyleTags('<hypernet:a>'.repeat(5000))).toThrow(/the prompt is too long/);
  });

  it('reads back what formatStyleTag writes', () => {
    const name = fc.stringMatching(/^[\w.-][\w. -]{0,20}[\w.-]$/);
    const strength = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(fc.record({ name, strength })), (styles) => {
        const expected = styles.map((style) => ({ ...style, strength: style.strength + 0 }));
        expect(parseStyleTags(`x${styles.map(formatStyleTag).join(' ')}`).styles).toEqual(expected);
      }),
    );
  });
});
