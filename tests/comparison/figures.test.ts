// The figures of a comparison on pictures whose answers are known.
import { expect, test } from 'vitest';
import { judgeOf } from '../../client/comparison/figures.ts';
import { fitClassifier } from '../../client/comparison/linear-classifier.ts';
import { coarse, nearest, pixelStatistics, STATISTICS } from '../../client/comparison/pixel-statistics.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** Upper half in one colour, lower half in another, as opaque as `alpha` says. */
function halves(upper: Colour, lower: Colour, alpha = 255, side = 32) {
  const pixels = new Uint8ClampedArray(side * side * 4);
  for (let i = 0; i < side * side; i++)
    pixels.set([...(i < (side * side) / 2 ? upper : lower), alpha], 4 * i);
  return { width: side, height: side, pixels };
}
const WHITE = [255, 255, 255] as const;
const BLACK = [0, 0, 0] as const;

test('means, deviations and slopes of a picture', () => {
  const found = pixelStatistics(halves(WHITE, BLACK));
  expect(found).toHaveLength(STATISTICS);
  for (const mean of found.slice(0, 3)) expect(mean).toBeCloseTo(0, 6);
  for (const deviation of found.slice(3, 6)) expect(deviation).toBeCloseTo(Math.sqrt(1024 / 1023), 5);
  // One of 31 steps down the picture falls by 2; none across it.
  expect(found.slice(6)).toEqual([expect.closeTo(2 / 31, 6), 0]);
  // What is not there is white.
  expect(pixelStatistics(halves(BLACK, BLACK, 0)).slice(0, 3)).toEqual([1, 1, 1]);
});

test('coarse copies tell things apart, whatever the pictures’ size', () => {
  const known = [halves(WHITE, BLACK), halves(BLACK, WHITE)].map(coarse);
  expect(nearest(coarse(halves(WHITE, [90, 90, 90], 255, 48)), known)).toBe(0);
  expect(nearest(coarse(halves([90, 90, 90], WHITE, 255, 16)), known)).toBe(1);
});

test('the classifier finds the one number that matters, also where others are noise or the same', () => {
  const noise = (i: number) => Math.sin(12.9898 * i) * 0.5;
  const first = Array.from({ length: 30 }, (_, i) => [1, noise(i), 0.2 + 0.1 * noise(3 * i)]);
  const second = Array.from({ length: 10 }, (_, i) => [1, noise(i + 40), 0.8 + 0.1 * noise(7 * i)]);
  const { isSecond, accuracy } = fitClassifier(first, second);
  expect(accuracy).toBe(1);
  expect(isSecond([1, 0, 0.9])).toBe(true);
  expect(isSecond([1, 0, 0.1])).toBe(false);
  // No number tells these apart: half of them is the most.
  expect(fitClassifier([[1], [2]], [[1], [2]]).accuracy).toBe(0.5);
});

test('a judge counts the pictures in the style, and those that show what they were drawn for', () => {
  const day = { caption: 'day', picture: halves([200, 230, 230], [0, 120, 120]) };
  const night = { caption: 'night', picture: halves([0, 120, 120], [200, 230, 230]) };
  const plain = [
    { caption: 'day', picture: halves([230, 200, 200], [120, 0, 0]) },
    { caption: 'night', picture: halves([120, 0, 0], [230, 200, 200]) },
  ];
  const { accuracy, figuresOf } = judgeOf([day, night], plain);
  expect(accuracy).toBe(1);
  expect(figuresOf([day, night])).toEqual({ inStyle: 1, follows: 1 });
  expect(figuresOf(plain)).toEqual({ inStyle: 0, follows: 1 });
  expect(figuresOf([{ ...day, caption: 'night' }, night])).toEqual({ inStyle: 1, follows: 0.5 });
});
