// Reads weights files that the user brings, in the order of the plugin's sets.
import { TinctureError } from '../../index.ts';
import type { WeightsFile } from './playground-state.ts';

/** Sets of a plugin, as the ABI bounds them. */
export const MAX_SETS = 8;
/** Bytes of one file: the page holds it whole, and the compiler's Worker a copy. */
const MAX_BYTES = 256 * 2 ** 20;

/**
 * The sets after files were brought: they take the places from `first` on, and those behind the last are new. Throws
 * `playground/weights` for a file too large or sets too many.
 */
export async function readWeights(
  files: readonly File[],
  before: readonly WeightsFile[],
  first = 0,
): Promise<readonly WeightsFile[]> {
  for (const { name, size } of files) {
    if (size <= MAX_BYTES) continue;
    throw new TinctureError('playground/weights', 'the file is too large to try here', {
      where: name,
      expected: `at most ${MAX_BYTES / 2 ** 20} MiB`,
      found: `${Math.ceil(size / 2 ** 20)} MiB`,
      fix: 'Pack the style with the kit on the command line.',
    });
  }
  const read = await Promise.all(
    files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
  );
  const sets = [...before.slice(0, first), ...read, ...before.slice(first + read.length)];
  if (sets.length <= MAX_SETS) return sets;
  throw new TinctureError('playground/weights', 'a plugin takes fewer weights files', {
    expected: `at most ${MAX_SETS}`,
    found: String(sets.length),
    fix: 'Take some away first.',
  });
}

/** The error for weights that were kept and are gone. */
export function missingWeights(name: string): TinctureError {
  return new TinctureError('playground/weights', 'the weights are no longer on this device', {
    where: name,
    fix: 'Add the file again under “Weights”.',
  });
}
