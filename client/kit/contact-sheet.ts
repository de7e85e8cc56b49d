// A contact sheet: pictures in rows and columns with their labels, as one picture. Node and browsers.
import { TinctureError } from '../../plugins/contract/error.ts';
import { MAX_PIXELS, type Pixels } from '../formats/png.ts';
import { drawText, fitText, textSize } from './bitmap-font.ts';

export interface SheetLayout {
  /** A line above all, such as `strength / seed`. */
  readonly title?: string;
  /** One for each row, from the top, such as `seed 1`. */
  readonly rows: readonly string[];
  /** One for each column, such as `0.5`. */
  readonly columns: readonly string[];
}

/** Where everything lies, in pixels of the sheet. */
export interface SheetPlan {
  readonly width: number;
  readonly height: number;
  /** Left edge of each column's pictures, and upper edge of each row's. */
  readonly left: readonly number[];
  readonly top: readonly number[];
  /** Pixels a dot of the labels. */
  readonly scale: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const MARGIN = 8;
const GAP = 4;
const PAPER = 0xffffffff;
const INK = [40, 40, 40, 255];

/**
 * Plans a sheet of pictures of one size: known before any of them is drawn. Labels are small enough for the widest of the
 * columns' to fit above its pictures, if one dot a pixel is. Throws `kit/sheet` for a sheet above MAX_PIXELS.
 */
export function planSheet({ title, rows, columns }: SheetLayout, picture: Size): SheetPlan {
  const widest = Math.max(...columns.map((text) => textSize(text, 1).width));
  const scale = Math.max(1, Math.min(picture.width >= 256 ? 4 : 2, Math.floor(picture.width / widest)));
  const line = textSize('0', scale).height + GAP * 2;
  const side = Math.max(...rows.map((text) => textSize(text, scale).width)) + GAP * 2;
  const left = columns.map((_, column) => MARGIN + side + column * (picture.width + GAP));
  const above = MARGIN + line * (title === undefined ? 1 : 2);
  const top = rows.map((_, row) => above + row * (picture.height + GAP));
  const width = left.at(-1)! + picture.width + MARGIN;
  const height = top.at(-1)! + picture.height + MARGIN;
  if (width * height > MAX_PIXELS) {
    throw new TinctureError('kit/sheet', 'the sheet is too large', {
      expected: `at most ${MAX_PIXELS} pixels`,
      found: `${width} × ${height}`,
      fix: 'Ask for fewer or smaller pictures.',
    });
  }
  return { width, height, left, top, scale };
}

/**
 * Sets the pictures row by row; all must have the size of the first. A column's label that is wider than its pictures is cut.
 * Throws `kit/sheet` for another number or size of pictures than the layout has, and for a sheet above MAX_PIXELS.
 */
export function contactSheet(layout: SheetLayout, pictures: readonly Pixels[]): Pixels {
  const { title, rows, columns } = layout;
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
  const { width, height, left, top, scale } = planSheet(layout, first);
  const pixels = new Uint8ClampedArray(width * height * 4);
  // One 32-bit word is one pixel, whose four bytes are alike whatever their order.
  new Uint32Array(pixels.buffer).fill(PAPER);
  const write = (text: string, x: number, y: number): void =>
    drawText(text, scale, (dx, dy) => {
      const inside = x + dx < width && y + dy < height;
      if (inside) pixels.set(INK, ((y + dy) * width + x + dx) * 4);
    });
  if (title !== undefined) write(fitText(title, scale, width - 2 * MARGIN), MARGIN, MARGIN);
  const line = textSize('0', scale).height + GAP * 2;
  for (const [column, text] of columns.entries()) {
    const label = fitText(text, scale, first.width);
    const x = left[column]! + ((first.width - textSize(label, scale).width) >> 1);
    write(label, x, top[0]! - line);
  }
  for (const [row, text] of rows.entries()) {
    write(text, MARGIN, Math.max(0, top[row]! + ((first.height - textSize(text, scale).height) >> 1)));
    for (let column = 0; column < columns.length; column++) {
      const picture = pictures[row * columns.length + column]!;
      const at = top[row]! * width + left[column]!;
      for (let y = 0; y < first.height; y++) {
        const from = y * first.width * 4;
        pixels.set(picture.pixels.subarray(from, from + first.width * 4), (at + y * width) * 4);
      }
    }
  }
  return { width, height, pixels };
}
