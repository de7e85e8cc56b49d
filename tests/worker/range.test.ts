// The Range header, read as RFC 9110 §14 says.
import { expect, test } from 'vitest';
import { closedRange, matchesEtag, parseRange } from '../../worker/http/range.ts';

test.each<[string | undefined, number, ReturnType<typeof parseRange>]>([
  [undefined, 10, undefined],
  ['bytes=0-0', 10, { offset: 0, length: 1 }],
  ['bytes=0-9', 10, { offset: 0, length: 10 }],
  ['bytes=0-999', 10, { offset: 0, length: 10 }],
  ['bytes=4-', 10, { offset: 4, length: 6 }],
  ['bytes=-3', 10, { offset: 7, length: 3 }],
  ['bytes=-99', 10, { offset: 0, length: 10 }],
  ['Bytes=1-2', 10, { offset: 1, length: 2 }],
  ['bytes=10-', 10, 'unsatisfiable'],
  ['bytes=10-12', 10, 'unsatisfiable'],
  ['bytes=-0', 10, 'unsatisfiable'],
  ['bytes=99999999999999999999-', 10, 'unsatisfiable'],
  ['bytes=5-4', 10, undefined],
  ['bytes=0-1,3-4', 10, undefined],
  ['bytes=-', 10, undefined],
  ['bytes=a-b', 10, undefined],
  ['bytes=0x1-2', 10, undefined],
  ['lines=0-1', 10, undefined],
])('%s of %i bytes', (header, size, expected) => {
  expect(parseRange(header, size)).toEqual(expected);
});

test.each([
  [undefined, false],
  ['"a"', true],
  ['W/"a"', true],
  ['"b", "a"', true],
  ['*', true],
  ['"b"', false],
  ['a', false],
])('If-None-Match %s matches: %s', (header, expected) => {
  expect(matchesEtag(header, '"a"')).toBe(expected);
});

test.each<[string | undefined, ReturnType<typeof closedRange>]>([
  ['bytes=0-0', { offset: 0, length: 1 }],
  ['bytes=4-99', { offset: 4, length: 96 }],
  ['bytes=4-', undefined],
  ['bytes=-4', undefined],
  ['bytes=5-4', undefined],
  ['bytes=0-1,3-4', undefined],
  ['bytes=0-9999999999999999', undefined],
  [undefined, undefined],
])('%s names both ends, or not', (header, expected) => {
  expect(closedRange(header)).toEqual(expected);
});
