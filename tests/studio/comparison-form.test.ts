// The comparison's form: both kinds with one budget, and faults by field.
import { expect, test } from 'vitest';
import { FIRST_COMPARISON, readComparison } from '../../client/studio/comparison/comparison-form.ts';

test('both kinds have the same steps and seed, their own rates, and names after their kinds', () => {
  const { wish, faults } = readComparison(FIRST_COMPARISON);
  expect(faults.size).toBe(0);
  expect(wish).toMatchObject({ holdBack: undefined, pictureSteps: undefined });
  expect(wish!.requests).toMatchObject({
    hypernetwork: { kind: 'hypernetwork', name: 'my-style-hypernetwork', steps: 200, seed: 0n, rate: '5e-5' },
    embedding: { kind: 'embedding', name: 'my-style-embedding', steps: 200, seed: 0n, rate: '5e-3' },
  });
  expect(readComparison({ ...FIRST_COMPARISON, holdBack: '0', pictureSteps: '1000' }).wish).toMatchObject({
    holdBack: 0,
    pictureSteps: 1000,
  });
});

test.each([
  ['name', ''],
  ['name', `${'a'.repeat(52)}`],
  ['steps', '0'],
  ['holdBack', '-1'],
  ['pictureSteps', '1001'],
  ['pictureSteps', '2.5'],
] as const)('%s %j is a fault of that field', (field, value) => {
  const { wish, faults } = readComparison({ ...FIRST_COMPARISON, [field]: value });
  expect(wish).toBeUndefined();
  expect([...faults.keys()]).toEqual([field]);
});
