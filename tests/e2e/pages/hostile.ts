// The hostile corpus in a page: entries come as JSON, plugins run in frames.
import { createFrameHost } from '../../../client/plugin-host/frame.ts';
import type { CompiledEntry } from '../../plugins/hostile/entry.ts';
import { hostileCorpus, type Verdict } from '../../plugins/hostile/runner.ts';

/** An entry whose module is base64. */
export type PackedEntry = Omit<CompiledEntry, 'wasm'> & { readonly wasm: string };

export function run(entries: readonly PackedEntry[], good: string): Promise<Verdict[]> {
  const unpacked = entries.map((entry) => ({ ...entry, wasm: Uint8Array.fromBase64(entry.wasm) }));
  return hostileCorpus(createFrameHost, unpacked, Uint8Array.fromBase64(good));
}
