// Pictures of any common kind as pixels, outside browsers: PNG by our own reader, the others by libvips. Only Node imports this.
import sharp from 'sharp';
import { FormatError } from './errors.ts';
import { decodePng, MAX_PIXELS, type Pixels } from './png.ts';
import { isPng } from './png-chunks.ts';

/** What libvips may be asked to read; it knows more kinds, which need not be tried on files of anyone's. */
const KINDS: ReadonlySet<string | undefined> = new Set(['jpeg', 'webp', 'gif']);

/**
 * Decodes PNG, JPEG, WebP or the first picture of a GIF, turned as its EXIF data says, as browsers turn it. Throws
 * `format/invalid` for broken files and other kinds, `format/too-large` above `MAX_PIXELS`, before they are decoded.
 */
export async function decodeAnyPicture(bytes: Uint8Array, where: string): Promise<Pixels> {
  if (isPng(bytes)) return decodePng(bytes, where);
  // Sizes are checked here, with our words; libvips reads only the head of the file for them.
  const reader = sharp(bytes, { failOn: 'error', limitInputPixels: false });
  const { format, width, height } = await reader.metadata().catch((cause: Error) => {
    throw broken(where, cause);
  });
  if (!KINDS.has(format)) {
    throw new FormatError('invalid', 'a kind of picture that is not read', {
      where,
      expected: 'PNG, JPEG, WebP or GIF',
      found: format,
    });
  }
  if (width * height > MAX_PIXELS) {
    throw new FormatError('too-large', 'the picture is too large', {
      where,
      expected: `at most ${MAX_PIXELS} pixels`,
      found: `${width} × ${height}`,
    });
  }
  const { data, info } = await reader
    .autoOrient()
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((cause: Error) => {
      throw broken(where, cause);
    });
  const pixels = new Uint8ClampedArray(data.length);
  pixels.set(data);
  return { width: info.width, height: info.height, pixels };
}

function broken(where: string, cause: Error): FormatError {
  return new FormatError('invalid', 'the picture cannot be read', { where, found: cause.message, cause });
}
