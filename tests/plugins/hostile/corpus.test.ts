// Every hostile module, refused by the validator or contained by the host in Node, with its reason.
import { beforeAll, describe, expect, test } from 'vitest';
import { createNodeHost } from '../../../client/plugin-host/node.ts';
import { compileCorpus, compileGood } from './compile.ts';
import { CORPUS } from './corpus.ts';
import type { CompiledEntry } from './entry.ts';
import { hostileCorpus } from './runner.ts';

let compiled: CompiledEntry[];
beforeAll(async () => {
  compiled = await compileCorpus();
});

test('the corpus has names of its own and enough of them', () => {
  expect(new Set(CORPUS.map(({ name }) => name)).size).toBe(CORPUS.length);
  expect(CORPUS.length).toBeGreaterThanOrEqual(45);
});

describe('in Node', () => {
  test('each is refused or contained, and a plugin beside it never notices', {
    timeout: 900_000,
  }, async () => {
    const verdicts = await hostileCorpus(createNodeHost, compiled, await compileGood());
    expect(verdicts.filter(({ wrong }) => wrong !== undefined)).toEqual([]);
    expect(verdicts.length).toBe(CORPUS.length);
  });
});
