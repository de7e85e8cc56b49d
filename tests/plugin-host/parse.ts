// Parses the golden files; apart from their reading, so that a page can load it.
import { bytesSource } from '../../client/formats/bytes-source.ts';
import type { Hypernetwork } from '../../client/hypernetwork/hypernetwork.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';

/** Parses them all. */
export async function parseHypernetworks(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Promise<Map<string, Hypernetwork>> {
  const parsed = new Map<string, Hypernetwork>();
  for (const [name, bytes] of files) parsed.set(name, await readHypernetwork(bytesSource(name, bytes)));
  return parsed;
}
