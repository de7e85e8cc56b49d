// Contact sheets: where each picture and each label lies.
import { describe, expect, test } from 'vitest';
import { drawText, fitText, textSize } from '../../client/kit/bitmap-font.ts';
import { contactSheet, planSheet } from '../../client/kit/contact-sheet.ts';

const plain = (value: number, width = 16, height = 8) => ({
  width,
  height,
  pixels: new Uint8ClampedArray(width * height * 4).fill(value),
});

describe('a sheet', () => {
  const sheet = contactSheet(
    { rows: ['1', '2'], columns: ['0', '5'] },
    [10, 60, 110, 160].map((v) => plain(v)),
  );
  const at = (x: number, y: number) => sheet.pixels[(y * sheet.width + x) * 4];

  test('has a row for each seed and a column for each strength', () => {
    // Margin 8, labels at 2 pixels a dot: 5 · 2 + 8 above, 3 · 2 + 8 at the side; pictures 16 × 8 with 4 between.
    expect([sheet.width, sheet.height]).toEqual([8 + 14 + 36 + 8, 8 + 18 + 20 + 8]);
    expect([at(22, 26), at(42, 26), at(22, 38), at(42, 38)]).toEqual([10, 60, 110, 160]);
    expect([at(37, 33), at(38, 33), at(37, 34)]).toEqual([10, 255, 255]);
  });

  test('has the labels', () => {
    const ink = [...Array(sheet.height).keys()].filter((y) =>
      [...Array(22).keys()].some((x) => at(x, y)! < 100),
    );
    expect(ink.length).toBe(20);
  });

  test('cuts labels that are higher than a row', () => {
    const flat = contactSheet({ rows: ['1'], columns: ['0'] }, [plain(0, 16, 1)]);
    expect([flat.width, flat.height]).toEqual([8 + 14 + 16 + 8, 8 + 18 + 1 + 8]);
  });

  test('has room for a title, and smaller letters where a column is narrow', () => {
    const size = { width: 16, height: 8 };
    const titled = planSheet({ title: 'x', rows: ['1'], columns: ['0.5', '1'] }, size);
    // '0.5' has 11 dots: one pixel each. Two lines of 5 + 8, and a side of 3 + 8.
    expect(titled).toEqual({ width: 63, height: 50, left: [19, 39], top: [34], scale: 1 });
    expect(planSheet({ rows: ['1'], columns: ['1', '1'] }, size)).toMatchObject({ scale: 2, top: [26] });
    expect([fitText('12345', 1, 15), fitText('12345', 2, 15), fitText('1', 2, 5)]).toEqual([
      '1234',
      '12',
      '',
    ]);
  });

  test('refuses pictures that do not fill it', () => {
    expect(() => contactSheet({ rows: ['1'], columns: ['0', '1'] }, [plain(0)])).toThrow(/1 × 2 of one size/);
    expect(() => contactSheet({ rows: ['1'], columns: ['0', '1'] }, [plain(0), plain(0, 8)])).toThrow(
      /8 × 8/,
    );
    const huge = { width: 8192, height: 8192, pixels: new Uint8ClampedArray(0) };
    expect(() => contactSheet({ rows: ['1'], columns: ['0'] }, [huge])).toThrow(/sheet is too large/);
  });
});

test('letters: dots at their scale', () => {
  const dots: string[] = [];
  drawText('1-', 1, (x, y) => dots.push(`${x},${y}`));
  expect(dots).toEqual(['1,0', '0,1', '1,1', '1,2', '1,3', '0,4', '1,4', '2,4', '4,2', '5,2', '6,2']);
  expect(textSize('1-', 2)).toEqual({ width: 14, height: 10 });
});
