// Hostile text and JSON against what the worker checks before anything else: schemas, names, ranges of bytes, cursors, queries.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nameSchema, styleManifestSchema, versionSchema } from '../../plugins/contract/style.ts';
import { parseRange } from '../../worker/http/range.ts';
import { readCursor, writeCursor } from '../../worker/registry/cursor.ts';
import { foldForSearch, MAX_QUERY_WORDS, readQuery } from '../../worker/registry/search-words.ts';
import { SAMPLE_STYLE } from '../contract/sample-style.ts';

const RUNS = { numRuns: Number(process.env['TINCTURE_FUZZ_RUNS'] ?? 1000) };
const text = fc.string({ unit: 'binary', maxLength: 80 });

test('no JSON makes the manifest’s schema fail otherwise than by refusing', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 4 }),
      fc.constantFrom(...Object.keys(SAMPLE_STYLE)),
      (value, field) => {
        expect(styleManifestSchema.safeParse(value).success).toBe(false);
        const { success } = styleManifestSchema.safeParse({ ...SAMPLE_STYLE, [field]: value });
        // What passes must be what the registry keeps and gives back.
        if (success) expect(JSON.parse(JSON.stringify(value))).toEqual(value);
      },
    ),
    RUNS,
  );
});

describe('names', () => {
  test('that pass are plain ASCII without a way out of a path', () => {
    const almost = fc
      .array(
        fc.oneof(
          fc.constantFrom(
            'a',
            'z9',
            '-',
            'ink',
            '.',
            '/',
            '..',
            '%2e',
            'а',
            'ѕ',
            'ı',
            'Ａ',
            '‐',
            '\u200b',
            '\n',
          ),
          text,
        ),
      )
      .map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(almost, (name) => {
        if (!nameSchema.safeParse(name).success) return;
        expect(name).toMatch(/^[a-z0-9-]{1,64}$/);
        expect(new URL(`https://edge/v1/styles/${name}`).pathname).toBe(`/v1/styles/${name}`);
      }),
      RUNS,
    );
  });

  test.each([
    'іnk',
    'ink\u200b',
    'ınk',
    'ｉｎｋ',
    'INK',
    '..',
    'a/b',
    'a%2fb',
    '-ink',
    'ink-',
    'a--b',
    '',
    'x'.repeat(65),
    'ink\n',
  ])('%j is no name', (name) => expect(nameSchema.safeParse(name).success).toBe(false));

  test('versions that pass survive a path', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9.a-zA-Z+-]{1,20}$/), (version) => {
        if (!versionSchema.safeParse(version).success) return;
        expect(encodeURIComponent(version)).toBe(version);
      }),
      RUNS,
    );
  });
});

test('a range of bytes is within the blob, or none', () => {
  const part = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 70n }).map(String), fc.constant(''), text);
  const header = fc.oneof(
    fc.tuple(part, part).map(([first, last]) => `bytes=${first}-${last}`),
    text,
  );
  fc.assert(
    fc.property(header, fc.integer({ min: 1, max: 2 ** 40 }), (range, size) => {
      const found = parseRange(range, size);
      if (found === undefined || found === 'unsatisfiable') return;
      expect(found.offset).toBeGreaterThanOrEqual(0);
      expect(found.length).toBeGreaterThanOrEqual(1);
      expect(found.offset + found.length).toBeLessThanOrEqual(size);
    }),
    RUNS,
  );
});

test('cursors come back as they were, from their own search only', () => {
  const key = fc.tuple(
    fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.stringMatching(/^[a-z0-9-]{1,64}$/)),
    fc.oneof(fc.nat(), fc.stringMatching(/^[a-z0-9-]{1,64}$/)),
  );
  fc.assert(
    fc.property(key, text, text, (written, search, other) => {
      const cursor = writeCursor(search, written);
      expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
      const [value, tie] = readCursor(search, cursor);
      // JSON has one zero only.
      expect([value, tie]).toEqual([Object.is(written[0], -0) ? 0 : written[0], written[1]]);
      if (other !== search) expect(() => readCursor(other, cursor)).toThrow('cursor');
      expect(() => readCursor(search, other)).toThrow('cursor');
    }),
    RUNS,
  );
});

test('what a query becomes is phrases of letters and digits, whatever it was', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        fc.string({ unit: fc.constantFrom('"', '*', '^', ' ', ':', '(', 'a', '浮', 'é', '\0') }),
      ),
      (query) => {
        if (query.split(/\s+/u).filter((word) => word !== '').length > MAX_QUERY_WORDS) {
          expect(() => readQuery(query)).toThrow('too many words');
          return;
        }
        const wanted = readQuery(query);
        if (wanted.kind === 'words')
          expect(wanted.match).toMatch(/^"[\p{L}\p{N}\p{Co}\p{M} ]+"(?: "[\p{L}\p{N}\p{Co}\p{M} ]+")*\*$/u);
        // Folded twice is folded once, so texts and queries meet.
        expect(foldForSearch(foldForSearch(query)).replaceAll(/\s+/gu, ' ')).toBe(
          foldForSearch(query).replaceAll(/\s+/gu, ' '),
        );
      },
    ),
    RUNS,
  );
});
