// Prompts that change: the versions that AUTOMATIC1111's parser gives, and what is plain text.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PARTS, promptParts } from '../../client/prompt/composition.ts';
import { promptVersions, versionAt } from '../../client/prompt/editing.ts';

const versions = (prompt: string, runs = 10) =>
  promptVersions(prompt, runs).map(({ until, text }) => [until, text]);

describe('promptVersions', () => {
  it.each([
    ['plain', [[10, 'plain']]],
    ['sky [cloud:3]', [[3, 'sky '], [10, 'sky cloud']]],
    ['sky [cloud: 3 ]', [[3, 'sky '], [10, 'sky cloud']]],
    ['sky [cloud:.5] end', [[5, 'sky  end'], [10, 'sky cloud end']]],
    ['[cat:dog:0.25] by [[sea]]', [[2, 'cat by [[sea]]'], [10, 'dog by [[sea]]']]],
    ['[cat::4] sits', [[4, 'cat sits'], [10, ' sits']]],
    ['a[b:[c:d:2]:1]e', [[1, 'abe'], [2, 'ace'], [10, 'ade']]],
    ['[(red:1.2) cat:dog:3]', [[3, '(red:1.2) cat'], [10, 'dog']]],
    ['[(a:2):3]', [[3, ''], [10, '(a:2)']]],
    // Shares that come to no run at all, and runs that never come.
    ['[cat:dog:0.01]', [[10, 'dog']]],
    ['[cat:dog:99]', [[10, 'cat']]],
    ['[cat:dog:-1]', [[10, 'dog']]],
    // Brackets that close nothing are text; what stands inside them still counts.
    ['a [open', [[10, 'a [open']]],
    ['((a][:b:c [d:3]', [[3, '((a][:b:c '], [10, '((a][:b:c d']]],
    ['[a:b:c:d:3]', [[10, '[a:b:c:d:3]']]],
    ['[a:b]', [[10, '[a:b]']]],
    ['\\[a:b:3\\]', [[10, '\\[a:b:3\\]']]],
    ['a | b [c:3]', [[10, 'a | b [c:3]']]],
    ['[a:3] \\', [[10, '[a:3] \\']]],
  ])('%s', (prompt, expected) => {
    expect(versions(prompt)).toEqual(expected);
  }); // biome-ignore format: a table

  it('takes turns, empty ones too', () => {
    expect(versions('[cat|(dog:1.1)]', 3)).toEqual([[1, 'cat'], [2, '(dog:1.1)'], [3, 'cat']]);
    expect(versions('[fe|]male', 3)).toEqual([[1, 'female'], [2, 'male'], [3, 'female']]);
    expect(versions('[a|b|[c:d:2]]', 6).map(([, text]) => text)).toEqual(['a', 'b', 'd', 'a', 'b', 'd']);
  }); // biome-ignore format: a table

  it('counts the network’s runs from 0, so that the first version has one run more', () => {
    const edited = promptVersions('[a:b:0.5]', 10);
    expect(Array.from({ length: 10 }, (_, run) => versionAt(edited, run))).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
  }); // biome-ignore format: a table

  it('gives any text without : and | back, and ends on the last run', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '(', ')', '[', ']', ':', '|', '\\', '3', '.'), maxLength: 40 });
    fc.assert(
      fc.property(text, (prompt) => {
        expect(versions(prompt.replace(/[:|]/g, ''))).toEqual([[10, prompt.replace(/[:|]/g, '')]]);
        const all = versions(prompt);
        expect(all.at(-1)![0]).toBe(10);
      }),
    );
  }); // biome-ignore format: a table

  it('takes no longer than the text, and refuses deep nests', () => {
    expect(versions(`${'[a:'.repeat(90)}${'(b'.repeat(5)}`)).toHaveLength(1);
    expect(versions('[(:]'.repeat(8000))).toHaveLength(1);
    expect(() => versions(`${'[('.repeat(60)}a:3`)).toThrow(/nested too deep/);
  });
});

describe('promptParts', () => {
  it.each([
    ['cat', [['cat', 1]]],
    ['cat AND dog :0.5 AND  bird:-2 ', [['cat', 1], [' dog', 0.5], ['  bird', -2]]],
    ['SAND and ANDES', [['SAND and ANDES', 1]]],
    ['half past :10', [['half past', 10]]],
    ['(a:1.2)', [['(a:1.2)', 1]]],
    ['', [['', 1]]],
  ])('%s', (prompt, expected) => {
    expect(promptParts(prompt).map(({ text, weight }) => [text, weight])).toEqual(expected);
  }); // biome-ignore format: a table

  it('refuses more than eight', () => {
    expect(promptParts(Array<string>(MAX_PARTS).fill('a').join(' AND '))).toHaveLength(MAX_PARTS);
    expect(() =>
      promptParts(
        Array<string>(MAX_PARTS + 1)
          .fill('a')
          .join(' AND '),
      ),
    ).toThrow(/at most 8, found 9/);
  });
});
