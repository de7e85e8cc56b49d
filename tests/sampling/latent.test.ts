// The plain arithmetic of latents; tests/e2e/runtime.test.ts holds the GPU's to the same cases.
import { expect, it } from 'vitest';
import { PLAIN_MATH } from '../../client/sampling/latent.ts';
import { EXPECTED_OUTCOME, mathOutcome } from './math-cases.ts';

it('on arrays gives exactly what it must', async () => {
  expect(await mathOutcome(PLAIN_MATH)).toEqual(EXPECTED_OUTCOME);
});
