// The hostile corpus at the edge: every module is refused or contained with the same typed reason as in the other homes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileCorpus, compileGood } from '../../plugins/hostile/compile.ts';
import { CORPUS } from '../../plugins/hostile/corpus.ts';
import { hostileCorpus } from '../../plugins/hostile/runner.ts';
import { type EdgeHome, startEdgeHome } from './edge-home.ts';

let home: EdgeHome;
beforeAll(async () => {
  home = await startEdgeHome();
});
afterAll(() => home?.close());

test('each is refused or contained, and a plugin beside it never notices', async () => {
  const verdicts = await hostileCorpus(() => home.createHost(), await compileCorpus(), await compileGood());
  expect(verdicts.filter(({ wrong }) => wrong !== undefined)).toEqual([]);
  expect(verdicts.length).toBe(CORPUS.length);
});
