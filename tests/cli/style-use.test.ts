// Styles as the command line writes them: strength, factors, a curve over the steps, and names that look like either.
import { expect, test } from 'vitest';
import { parseStyle } from '../../client/cli/style-use.ts';

test.each<[string, object]>([
  ['ink', { style: 'ink', strength: 1 }],
  ['a/b:c.pt:-0.8', { style: 'a/b:c.pt', strength: -0.8 }],
  ['ink:k=0', { style: 'ink', strength: 1, strengths: { k: 0 } }],
  [
    'ink:0.8:320=0.5:v=-1:k=0',
    { style: 'ink', strength: 0.8, strengths: { v: -1, k: 0, widths: { 320: 0.5 } } },
  ],
  [
    'ink:2:steps=1@0/0.5@0.5/0@0.5:64=2',
    {
      style: 'ink',
      strength: 2,
      strengths: { widths: { 64: 2 } },
      overSteps: [
        { at: 0, factor: 1 },
        { at: 0.5, factor: 0.5 },
        { at: 0.5, factor: 0 },
      ],
    },
  ],
  ['od:d=1', { style: 'od:d=1', strength: 1 }],
])('%s', (text, use) => {
  expect(parseStyle(text)).toEqual(use);
});

test.each<[string, RegExp]>([
  ['ink:k=11', /the factor k of ink must be a number from -10 to 10, not "11"/],
  ['ink:64=', /the factor 64 of ink.*not ""/],
  ['ink:k=1:k=2', /"ink:k=1:k=2" gives k twice/],
  [':k=1', /"" is no style/],
  ['ink:k=1:0.8:v=1', /"ink:k=1:0\.8:v=1": write the strength before the factors, ink:0\.8:k=1/],
  ['ink:steps=1', /the steps of ink must be written F@SHARE\/F@SHARE….*not "1"/],
  ['ink:steps=1@2', /a share of the steps of ink must be a number from 0 to 1, not "2"/],
  ['ink:steps=x@1', /a factor over the steps of ink.*-10 to 10, not "x"/],
  ['ink:steps=', /not ""/],
])('%s is refused', (text, words) => {
  expect(() => parseStyle(text)).toThrow(words);
});
