// A contact sheet: pictures in rows and columns with their labels, as one picture. Node and browsers.
import { TinctureError } from '../../plugins/contract/error.ts';
import { MAX_PIXELS, type Pixels } from '../formats/png.ts';
import { drawText, textSize } from './bitmap-font.ts';

export interface SheetLayout {
  /** One for each row, from the top, such as `seed 1`. */
  readonly rows: readonly string[];
  /** One for each column, such as `0.5`. */
  readonly columns: readonly string[];
}

const MARGIN = 8;
const GAP = 4;
const PAPER = 0xffffffff;
const INK = [40, 40, 40, 255];

/**
 * Sets the pictures row by row; all must have the size of the first. Throws `kit/sheet` for another number or size of
 * pictures than the layout has, and for a sheet above MAX_PIXELS.
 */
export function contactSheet({ rows, columns }: SheetLayout, pictures: readonly Pixels[]): Pixels {
  const [first] = pictures;
  const fits =
    first !== undefined &&
    pictures.length === rows.length * columns.length &&
    pictures.every(({ width, height }) => width === first.width && height === first.height);
  if (!fits) {
    throw new TinctureError('kit/sheet', 'the pictures do not fill the sheet', {
      expected: `${rows.length} × ${columns.length} of one size`,
      found: pictures.map(({ width, height }) => `${width} × ${height}`).join(', ') || 'none',
    });
  }
  const scale = first.width >= 256 ? 4 : 2;
  const label = textSize('0', scale).height + GAP * 2;
  const side = Math.max(...rows.map((text) => textSize(text, scale).width)) + GAP * 2;
  const left = MARGIN + side;
  const top = MARGIN + label;
  const width = left + columns.length * (first.width + GAP) - GAP + MARGIN;
  const height = top + rows.length * (first.height + GAP) - GAP + MARGIN;
  if (width * height > MAX_PIXELS) {
    throw new TinctureError('kit/sheet', 'the sheet is too large', {
      expected: `at most ${MAX_PIXELS} pixels`,
      found: `${width} × ${height}`,
      fix: 'Ask for fewer or smaller pictures.',
    });
  }
  const pixels = new Uint8ClampedArray(width * height * 4);
  // One 32-bit word is one pixel, whose four bytes are alike whatever their order.
  new Uint32Array(pixels.buffer).fill(PAPER);
  const write = (text: string, x: number, y: number): void =>
    drawText(text, scale, (dx, dy) => {
      const inside = x + dx < width && y + dy < height;
      if (inside) pixels.set(INK, ((y + dy) * width + x + dx) * 4);
    });
  for (const [column, text] of columns.entries()) {
    const size = textSize(text, scale).width;
    // A label wider than its picture begins at the picture's edge, and ends where the sheet does.
    const x = left + column * (first.width + GAP) + Math.max(0, (first.width - size) >> 1);
    write(text, Math.max(0, Math.min(x, width - size)), MARGIN);
  }
  for (const [row, text] of rows.entries()) {
    const y = top + row * (first.height + GAP) + ((first.height - textSize(text, scale).height) >> 1);
    write(text, MARGIN, Math.max(0, y));
    for (let column = 0; column < columns.length; column++) {
      const picture = pictures[row * columns.length + column]!;
      const at = (top + row * (first.height + GAP)) * width + left + column * (first.width + GAP);
      for (let line = 0; line < first.height; line++) {
        const from = line * first.width * 4;
        pixels.set(picture.pixels.subarray(from, from + first.width * 4), (at + line * width) * 4);
      }
    }
  }
  return { width, height, pixels };
}
