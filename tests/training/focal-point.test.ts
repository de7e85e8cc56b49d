// Where the focal point falls: on a thing, whatever its side, and in the centre where there is none.
import { expect, test } from 'vitest';
import { focalPoint } from '../../client/training/focal-point.ts';
import { fitPicture, keptShare } from '../../client/training/pictures.ts';

/** A chequered square of 60 pixels on a ground; `x` and `y` are its upper left corner. */
function scene(width: number, height: number, x: number, y: number, ground = 200) {
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const [across, down] = [(i % width) - x, Math.floor(i / width) - y];
    const inside = across >= 0 && across < 60 && down >= 0 && down < 60;
    const value = inside ? (((across >> 3) + (down >> 3)) % 2 === 0 ? 20 : 240) : ground;
    pixels.set([value, value, value, 255], 4 * i);
  }
  return { width, height, pixels };
}
const SQUARE = { width: 64, height: 64 };

test.each([
  [20, 0.1],
  [170, 0.4],
  [320, 0.7],
  [420, 0.9],
])('a thing at %i of 500 pixels is kept whole', (x) => {
  const picture = scene(500, 100, x, 20);
  const focus = focalPoint(picture, keptShare(picture, SQUARE));
  expect(focus.x).toBeCloseTo((x + 30) / 500, 1);
  const { image } = fitPicture(picture, SQUARE, { focus });
  // 60 of the 100 pixels that the cut is wide.
  const things = [...image.data.slice(0, 64 * 64)].filter(
    (value) => Math.abs(value - (200 / 127.5 - 1)) > 0.2,
  );
  expect(things.length / 4096).toBeGreaterThan(0.3);
});

test('an upright picture is cut around its thing too; a mirrored cut shows the same part', () => {
  const picture = scene(90, 400, 15, 300);
  const focus = focalPoint(picture, keptShare(picture, SQUARE));
  expect(focus.y).toBeCloseTo(330 / 400, 1);
  const straight = fitPicture(picture, SQUARE, { focus }).image.data;
  const mirrored = fitPicture(picture, SQUARE, { focus, flipped: true }).image.data;
  const row = (data: Float32Array) => [...data.slice(32 * 64, 33 * 64)];
  expect(row(mirrored)).toEqual(row(straight).reverse());
});

test('a picture of one colour, and one without pixels that show, has its focal point in the centre', () => {
  for (const alpha of [255, 0]) {
    const pixels = new Uint8ClampedArray(300 * 100 * 4).map((_, i) => (i % 4 === 3 ? alpha : 77));
    expect(focalPoint({ width: 300, height: 100, pixels }, { width: 1 / 3, height: 1 })).toEqual({
      x: 0.5,
      y: 0.5,
    });
  }
});

test('shapes that fit are not moved', () => {
  const picture = scene(128, 128, 0, 0);
  const { image } = fitPicture(picture, SQUARE, { focus: focalPoint(picture, keptShare(picture, SQUARE)) });
  expect(image).toEqual(fitPicture(picture, SQUARE).image);
});
