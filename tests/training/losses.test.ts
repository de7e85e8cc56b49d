// Losses as they are kept and smoothed.
import { expect, test } from 'vitest';
import { NO_LOSSES, readLosses, smoothedLosses, writeLosses } from '../../client/training/losses.ts';

const HISTORY = {
  steps: [
    { step: 1, loss: 0.5, rate: 1e-3 },
    { step: 2, loss: 0.25, rate: 1e-3 },
    { step: 3, loss: 0.125, rate: 1e-4 },
  ],
  validation: [
    { step: 0, loss: 0.75 },
    { step: 3, loss: 0.5 },
  ],
};

test('what was written is read, up to the step that is gone on from', () => {
  const text = writeLosses(HISTORY);
  expect(readLosses(text, 3)).toEqual(HISTORY);
  expect(readLosses(text, 2)).toEqual({
    steps: HISTORY.steps.slice(0, 2),
    validation: HISTORY.validation.slice(0, 1),
  });
});

test.each(['', 'null', '[1]', '{"step":[1],"loss":["a"],"rate":[1]}', '{"step":7}'])(
  '%j holds no losses',
  (text) => {
    expect(readLosses(text, 9)).toEqual(NO_LOSSES);
  },
);

test('running means begin with the first loss', () => {
  // (0.5·0.5·4 + 0.5·2)/0.75, then (0.25·1 … ): weights 0.5ⁿ of the past, corrected by 1 − 0.5ⁿ.
  expect(smoothedLosses([4, 2, 1], 0.5)).toEqual([4, (1 + 1) / 0.75, (0.5 + 0.5 + 0.5) / 0.875]);
  expect(smoothedLosses([])).toEqual([]);
});
