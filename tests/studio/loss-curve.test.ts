// The losses as the plot's columns.
import { expect, it } from 'vitest';
import { LossCurve } from '../../client/studio/training/loss-curve.ts';

const STEPS = [
  { step: 1, loss: 4, rate: 1e-3 },
  { step: 2, loss: 2, rate: 1e-4 },
];

it('a look before the first step stands before it; steps without one have a gap', () => {
  const curve = new LossCurve({ steps: STEPS, validation: [{ step: 0, loss: 5 }] });
  curve.add({ step: 3, loss: 1, rate: 1e-4 });
  curve.addValidation(3, 2.5);
  const { step, loss, smoothed, rate, validation } = curve.columns();
  expect(step).toEqual([0, 1, 2, 3]);
  expect(loss).toEqual([null, 4, 2, 1]);
  expect(rate).toEqual([null, 1e-3, 1e-4, 1e-4]);
  expect(validation).toEqual([5, null, null, 2.5]);
  // The mean of the first is the first; that of the second (0.95·0.05·4 + 0.05·2) / (1 − 0.95²).
  expect(smoothed.slice(0, 2)).toEqual([null, 4]);
  expect(smoothed[2]).toBeCloseTo((0.95 * 0.05 * 4 + 0.05 * 2) / (1 - 0.95 ** 2), 12);
  expect(curve.validation).toEqual([5, 2.5]);
});

it('going back to a save forgets what came after', () => {
  const curve = new LossCurve({
    steps: STEPS,
    validation: [
      { step: 0, loss: 5 },
      { step: 2, loss: 3 },
    ],
  });
  curve.cut(1);
  expect(curve.columns().step).toEqual([0, 1]);
  expect([curve.last?.step, curve.length, curve.validation]).toEqual([1, 1, undefined]);
  curve.cut(0);
  expect(curve.columns()).toMatchObject({ step: [0], loss: [null], validation: [5] });
});
