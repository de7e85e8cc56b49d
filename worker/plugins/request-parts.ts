// Splits what is handed over at once into requests that a call to a loaded Worker can carry.
import type { LoadRequest, Request, TensorsRequest } from '../../plugins/host/messages.ts';
import { EDGE_MESSAGE_BYTES } from './edge-limits.ts';

type Block = Uint8Array<ArrayBuffer>;
type Running = Exclude<Request, { kind: 'start' }>;

/**
 * The request itself, or several that do the same together: layers go by sides, tensors in runs. A side or tensor that is too
 * large still goes in one piece, for the runtime to refuse: it would not fit in the plugin's memory beside the plugin's own copy.
 */
export function partsOf(request: Running): readonly Running[] {
  if (request.kind === 'load') return loadParts(request);
  if (request.kind === 'tensors') return tensorParts(request);
  return [request];
}

function bytesOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { length }) => sum + length, 0);
}

function loadParts(request: LoadRequest): readonly LoadRequest[] {
  if (bytesOf(request.k) + bytesOf(request.v) <= EDGE_MESSAGE_BYTES) return [request];
  return [
    { ...request, v: [] },
    { ...request, k: [] },
  ];
}

function tensorParts(request: TensorsRequest): readonly TensorsRequest[] {
  const runs: Block[][] = [[]];
  let left = EDGE_MESSAGE_BYTES;
  for (const block of request.blocks) {
    if (block.length > left && runs.at(-1)!.length > 0) {
      runs.push([]);
      left = EDGE_MESSAGE_BYTES;
    }
    runs.at(-1)!.push(block);
    left -= block.length;
  }
  return runs.map((blocks) => ({ ...request, blocks }));
}
