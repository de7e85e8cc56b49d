// The picture that others begin on: checked, and the size that they get from it.
import type { Picture } from './engine.ts';
import { EngineError } from './errors.ts';
import type { Size } from './resample.ts';

/** Pixels of a start picture: 8192 × 8192, as many as a PNG that is decoded here may have. */
export const MAX_START_PIXELS = 2 ** 26;

/** Throws `engine/request` naming the field for what is no RGBA picture, or has more than `MAX_START_PIXELS`. */
export function checkStartPicture(image: Picture, field: string = 'image'): Picture {
  const { width, height, pixels } = image;
  const found = `${width} × ${height}`;
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw refused(field, 'at least one pixel a side', found);
  }
  if (width * height > MAX_START_PIXELS) {
    throw refused(field, `at most ${MAX_START_PIXELS} pixels`, found, 'Make the picture smaller first.');
  }
  if (!(pixels instanceof Uint8ClampedArray) || pixels.length !== 4 * width * height) {
    throw refused(
      field,
      `a Uint8ClampedArray of ${4 * width * height} values, RGBA`,
      `${pixels?.length ?? 'nothing'}`,
    );
  }
  return image;
}

/**
 * The size that pictures get which begin on one: where neither side is asked for, its own rounded down to what the model can
 * draw; where one is, the other follows in the same shape. Throws `engine/request` where that is more than `maximum` a side.
 */
export function sizeOfStart(
  image: Size,
  asked: { readonly width?: number | undefined; readonly height?: number | undefined },
  multiple: number,
  maximum: number,
): Size {
  const drawable = (side: number): number => Math.max(multiple, Math.floor(side / multiple) * multiple);
  const width = asked.width ?? drawable(((asked.height ?? image.height) * image.width) / image.height);
  const height = asked.height ?? drawable(((asked.width ?? image.width) * image.height) / image.width);
  const asksAll = asked.width !== undefined && asked.height !== undefined;
  if (asksAll || Math.max(width, height) <= maximum) return { width, height };
  throw refused(
    'image',
    `at most ${maximum} pixels a side`,
    `${width} × ${height}, after the picture’s ${image.width} × ${image.height}`,
    `Give a width and a height of at most ${maximum}.`,
  );
}

/** What the user should know of a start picture that does not have the size drawn. */
export function noteResized(image: Size, size: Size): string | undefined {
  if (image.width === size.width && image.height === size.height) return undefined;
  const cut = image.width * size.height === image.height * size.width ? '' : ', its edges cut to that shape';
  return (
    `The start picture of ${image.width} × ${image.height} was brought to ${size.width} × ${size.height} pixels` +
    ` with a triangle (bilinear) filter${cut}.`
  );
}

function refused(field: string, expected: string, found: string, fix?: string): EngineError {
  return new EngineError('engine/request', `${field} cannot be used`, {
    expected,
    found,
    ...(fix !== undefined && { fix }),
  });
}
