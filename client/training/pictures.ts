// Pictures of a training set: decoded where this machine can, cut to size, and turned into what the encoder reads.
import { decodePng, type Pixels } from '../formats/png.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { TrainingError } from './error.ts';
import { CENTRE, type FocalPoint } from './focal-point.ts';

/** A smaller side has no detail to learn from. */
export const MIN_SIDE = 64;
/** A file larger than this is not read. */
export const MAX_FILE_BYTES = 64 * 2 ** 20;

/** More pictures than this would be another kind of training. */
export const MAX_PICTURES = 10_000;

const SIGNATURES = [
  { kind: 'PNG', bytes: [0x89, 0x50, 0x4e, 0x47] },
  { kind: 'JPEG', bytes: [0xff, 0xd8, 0xff] },
  { kind: 'WebP', bytes: [0x52, 0x49, 0x46, 0x46] },
  { kind: 'GIF', bytes: [0x47, 0x49, 0x46, 0x38] },
] as const;

/** Decodes what is no PNG, on this kind of machine. */
export type PictureDecoder = (bytes: Uint8Array<ArrayBuffer>, where: string) => Promise<Pixels>;

/**
 * Decodes a picture: PNG by our own reader, other kinds by `decodeOther`, which is the browser's decoder where none is given.
 * Throws `training/picture` for what is not readable here, broken, or smaller than 64 pixels a side, and the readers' own errors.
 */
export async function decodePicture(
  bytes: Uint8Array<ArrayBuffer>,
  where: string,
  decodeOther: PictureDecoder = decodeInBrowser,
): Promise<Pixels> {
  const kind = SIGNATURES.find((signature) => signature.bytes.every((byte, i) => bytes[i] === byte))?.kind;
  if (kind === undefined) {
    throw new TrainingError('training/picture', 'not a picture', {
      where,
      expected: 'PNG, JPEG, WebP or GIF',
    });
  }
  const picture = kind === 'PNG' ? decodePng(bytes, where) : await decodeOther(bytes, where);
  if (Math.min(picture.width, picture.height) >= MIN_SIDE) return picture;
  throw new TrainingError('training/picture', 'the picture is too small', {
    where,
    expected: `at least ${MIN_SIDE} pixels a side`,
    found: `${picture.width} × ${picture.height}`,
  });
}

async function decodeInBrowser(bytes: Uint8Array<ArrayBuffer>, where: string): Promise<Pixels> {
  if (typeof createImageBitmap !== 'function' || typeof OffscreenCanvas !== 'function') {
    throw new TrainingError('training/picture', 'only PNG is read outside a browser', {
      where,
      expected: 'PNG, or a decoder for other kinds',
    });
  }
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes]));
  } catch (cause) {
    throw new TrainingError('training/picture', 'the picture is broken', { where, cause });
  }
  try {
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    return { width, height, pixels: new Uint8ClampedArray(context.getImageData(0, 0, width, height).data) };
  } finally {
    bitmap.close();
  }
}

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** No picture of a set is wider or higher than this many times the other side. */
const MAX_ASPECT = 2;

/** Sizes of about the same area as `base`, whose sides are multiples of `multiple`; `base` is the first. */
export function bucketSizes(base: Size, multiple: number): Size[] {
  const area = base.width * base.height;
  const sizes = [base];
  for (let width = multiple; width * width <= area * MAX_ASPECT; width += multiple) {
    const height = Math.floor(area / width / multiple) * multiple;
    if (height < multiple || width / height > MAX_ASPECT || height / width > MAX_ASPECT) continue;
    if (width !== base.width || height !== base.height) sizes.push({ width, height });
  }
  return sizes;
}

/** The size whose shape is the nearest to the picture's. */
export function nearestSize(picture: Size, sizes: readonly Size[]): Size {
  const distance = ({ width, height }: Size) =>
    Math.abs(Math.log(width / height) - Math.log(picture.width / picture.height));
  return sizes.reduce((best, size) => (distance(size) < distance(best) ? size : best));
}

export interface FittedPicture {
  /** [1, 3, height, width], −1 … 1, transparent parts in white. */
  readonly image: Tensor;
  /** [height, width], 0 … 1: how much of each pixel is there. */
  readonly alpha: Tensor;
}

/**
 * Cuts the largest part in the shape of `size` out, around `focus` as far as the picture reaches, and scales it, each pixel
 * the mean of what falls into it.
 */
export function fitPicture(
  { width, height, pixels }: Pixels,
  size: Size,
  { flipped = false, focus = CENTRE }: { readonly flipped?: boolean; readonly focus?: FocalPoint } = {},
): FittedPicture {
  const scale = Math.min(width / size.width, height / size.height);
  const left = windowStart(focus.x * width, scale * size.width, width);
  const top = windowStart(focus.y * height, scale * size.height, height);
  const columns = spans(size.width, scale, left, width);
  const rows = spans(size.height, scale, top, height);
  const image = tensor([1, 3, size.height, size.width]);
  const alpha = tensor([size.height, size.width]);
  const area = size.width * size.height;
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const sums = [0, 0, 0, 0];
      let whole = 0;
      for (const [row, down] of rows[y]!) {
        for (const [column, across] of columns[x]!) {
          const at = 4 * (row * width + column);
          const share = down * across;
          const opacity = pixels[at + 3]! / 255;
          whole += share;
          sums[3]! += share * opacity;
          for (let c = 0; c < 3; c++) sums[c]! += share * (opacity * pixels[at + c]! + (1 - opacity) * 255);
        }
      }
      const place = y * size.width + (flipped ? size.width - 1 - x : x);
      for (let c = 0; c < 3; c++) image.data[c * area + place] = sums[c]! / whole / 127.5 - 1;
      alpha.data[place] = sums[3]! / whole;
    }
  }
  return { image, alpha };
}

/** Where a window around `middle` begins, inside 0 … length. */
function windowStart(middle: number, window: number, length: number): number {
  return Math.min(Math.max(middle - window / 2, 0), Math.max(length - window, 0));
}

/** The share of a picture's sides that a cut in the shape of `size` keeps. */
export function keptShare({ width, height }: Size, size: Size): Size {
  const scale = Math.min(width / size.width, height / size.height);
  return { width: (scale * size.width) / width, height: (scale * size.height) / height };
}

/** For each place of the result the source's places that fall into it, with their shares. */
function spans(
  count: number,
  scale: number,
  offset: number,
  length: number,
): [place: number, share: number][][] {
  return Array.from({ length: count }, (_, i) => {
    const from = offset + i * scale;
    const to = from + scale;
    if (scale <= 1) return [[Math.min(Math.floor(from + scale / 2), length - 1), 1]];
    const list: [number, number][] = [];
    for (let place = Math.floor(from); place < Math.min(to, length); place++) {
      const share = Math.min(to, place + 1) - Math.max(from, place);
      if (share > 1e-9) list.push([place, share]);
    }
    return list;
  });
}

/** Means of the alpha over the pixels of each latent place: [1, height, width] of the latent. */
export function latentWeights({ shape, data }: Tensor, factor: number): Tensor {
  const [height, width] = shape as [number, number];
  const result = tensor([1, height / factor, width / factor]);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const place = Math.floor(y / factor) * (width / factor) + Math.floor(x / factor);
      result.data[place]! += data[y * width + x]! / factor ** 2;
    }
  }
  return result;
}
