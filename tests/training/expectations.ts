// What the golden training steps must agree to, on every backend.
import { expect } from 'vitest';
import type { Differences } from './golden-training.ts';

/** Four weights of 46168 are unsettled: they are held to one step of AdamW, 1e-3, all others to 1e-5. */
export function expectAgreement({
  losses,
  gradients,
  vanishing,
  weights,
  unsettled,
  names,
}: Differences): void {
  for (const error of losses) expect(error).toBeLessThan(1e-4);
  expect(losses).toHaveLength(3);
  expect(Object.keys(gradients).length + Object.keys(vanishing).length).toBe(names);
  for (const [name, error] of Object.entries(gradients)) expect(error, name).toBeLessThan(1e-3);
  for (const [name, share] of Object.entries(vanishing)) expect(share, name).toBeLessThan(1e-6);
  expect(Object.keys(weights)).toEqual(Object.keys(gradients));
  for (const [name, error] of Object.entries(weights)) expect(error, name).toBeLessThan(1e-5);
  expect(unsettled.count).toBe(4);
  expect(unsettled.largest).toBeLessThan(1e-3);
}
