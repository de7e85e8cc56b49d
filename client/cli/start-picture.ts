// The PNG file that `tincture generate` begins on.
import { TinctureError } from '../../plugins/contract/error.ts';
import type { Picture } from '../engine/engine.ts';
import { fileSource } from '../formats/node-file.ts';
import { decodePng } from '../formats/png.ts';
import { isPng } from '../formats/png-chunks.ts';

/** A larger file is not read. */
export const MAX_START_BYTES = 128 * 2 ** 20;

/** Reads a PNG file whole. Throws `cli/input` for other files and too large ones, and the PNG reader's errors. */
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
  if (isPng(bytes)) return decodePng(bytes, path);
  throw new TinctureError('cli/input', 'the picture cannot be read', {
    where: path,
    expected: 'a PNG file',
    found: 'another kind of file',
    fix: 'Convert it to PNG with a program that shows pictures; its name alone does not make it one.',
  });
}
