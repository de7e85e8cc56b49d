// Canonical JSON against RFC 8785's rules and its own example.
import { expect, test } from 'vitest';
import { canonicalJson, MAX_JSON_DEPTH } from '../../plugins/contract/canonical-json.ts';

test('spells the example of RFC 8785 §3.2.2 as §3.2.3 does', () => {
  const value = {
    // biome-ignore lint/correctness/noPrecisionLoss: the RFC's own spelling
    numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  };
  expect(canonicalJson(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test('sorts keys by UTF-16 code units, as §3.2.3 shows', () => {
  const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
  expect(Object.values(JSON.parse(canonicalJson(value)))).toHaveLength(7);
  expect(canonicalJson(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
});

test('two spellings of one value have one canonical form', () => {
  expect(canonicalJson(JSON.parse('{"b": [1.0, -0], "a": {"d": 1e0, "c": null}}'))).toBe(
    canonicalJson(JSON.parse('{"a":{"c":null,"d":1},"b":[1,0]}')),
  );
});

const cycle: unknown[] = [];
cycle.push(cycle);
test.each([
  ['NaN', { a: [Number.NaN] }, '$.a[0]'],
  ['infinity', Number.POSITIVE_INFINITY, '$'],
  ['undefined', { a: undefined }, '$.a'],
  ['a hole', new Array(1), '$[0]'],
  ['a bigint', 1n, '$'],
  ['a date', new Date(0), '$'],
  ['a lone surrogate', { a: '\ud800' }, '$.a'],
  ['a lone surrogate in a key', { '\udc00': 1 }, '$.\udc00'],
  ['a cycle', cycle, `$${'[0]'.repeat(MAX_JSON_DEPTH + 1)}`],
])('refuses %s and says where', (_name, value, where) => {
  expect(() => canonicalJson(value)).toThrow(
    expect.objectContaining({ code: 'json/not-canonical', facts: expect.objectContaining({ where }) }),
  );
});
