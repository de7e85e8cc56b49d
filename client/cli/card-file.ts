// A card that stands in a file of its own, beside a hypernetwork or for one that is trained.
import { readFile } from 'node:fs/promises';
import { TinctureError } from '../../plugins/contract/error.ts';

/** Its text. Throws `cli/input` where it cannot be read. */
export async function readCardFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new TinctureError('cli/input', 'the card cannot be read', {
      where: path,
      found: (cause as Error).message,
      cause,
    });
  }
}
