// The picture file that `tincture generate` begins on, and its mask.
import { TinctureError } from '../../plugins/contract/error.ts';
import type { Picture } from '../engine/engine.ts';
import { fileSource } from '../formats/node-file.ts';

/** A larger file is not read. */
export const MAX_START_BYTES = 128 * 2 ** 20;

/** Reads a PNG, JPEG, WebP or GIF file whole. Throws `cli/input` for too large ones, and the readers' errors. */
export async function readStartPicture(path: string): Promise<Picture> {
  const source = await fileSource(path);
  if (source.size > MAX_START_BYTES) {
    throw new TinctureError('cli/input', 'the picture’s file is too large', {
      where: path,
      expected: `at most ${MAX_START_BYTES} bytes`,
      found: String(source.size),
      fix: 'Make the picture smaller first.',
    });
  }
  const bytes = await source.read(0, source.size);
  // Only here: the decoders of other kinds than PNG take time to load.
  const { decodeAnyPicture } = await import('../formats/node-picture.ts');
  return decodeAnyPicture(bytes, path);
}
