// What the golden training steps must agree to, on every backend.
import { expect } from 'vitest';
import type { Differences } from './golden-training.ts';

/**
 * `weightTolerance`: AdamW divides each gradient by its own size, so that the rounding of the smallest ones decides; on
 * SwiftShader, whose functions round more coarsely, that is ten times as much as on the CPU.
 */
export function expectAgreement(
  { losses, gradients, vanishing, weights, names }: Differences,
  weightTolerance: number,
): void {
  for (const error of losses) expect(error).toBeLessThan(1e-4);
  expect(losses).toHaveLength(3);
  expect(Object.keys(gradients).length + Object.keys(vanishing).length).toBe(names);
  for (const [name, error] of Object.entries(gradients)) expect(error, name).toBeLessThan(1e-3);
  for (const [name, share] of Object.entries(vanishing)) expect(share, name).toBeLessThan(1e-6);
  expect(Object.keys(weights)).toEqual(Object.keys(gradients));
  for (const [name, error] of Object.entries(weights)) expect(error, name).toBeLessThan(weightTolerance);
}
