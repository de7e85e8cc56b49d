// Cosines and sines of the timestep's phases against double precision.
import { expect, it } from 'vitest';
import { configureRuntime } from '../../client/runtime/configure.ts';
import { sinusoidError } from './sinusoids-error.ts';

it('is within 1.2e-7 of the true cosines and sines for all timesteps to 1000', async () => {
  configureRuntime({ threads: 1 });
  expect(await sinusoidError('wasm')).toBeLessThan(1.2e-7);
});
