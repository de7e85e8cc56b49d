// What an entry of the hostile corpus says: what it tries, the module, and what must happen.
import type { PluginErrorKind } from '../../../plugins/contract/plugin-error.ts';
import type { PluginLimits } from '../../../plugins/host/plugin.ts';

/** The calls of the host, in the order of the conversation. */
export type Call =
  | 'start'
  | 'parameters'
  | 'load'
  | 'tensors'
  | 'context'
  | 'schedule'
  | 'phase'
  | 'apply'
  | 'layers';

export type Must =
  /** The validator refuses it with these words; the kind is `invalid` where none is said. */
  | { readonly refused: string; readonly kind?: 'memory' }
  /** This call fails with this kind, and the plugin's other callers notice nothing. */
  | { readonly fails: Call; readonly kind: PluginErrorKind; readonly says?: string }
  /** Nothing comes of it: every call is answered, and what the host handed over is untouched. */
  | 'nothing';

/** Data that every home can import; only text needs Node, to be compiled. */
export interface HostileEntry {
  readonly name: string;
  readonly tries: string;
  readonly must: Must;
  /** WebAssembly text, or the bytes. */
  readonly module: string | (() => Uint8Array<ArrayBuffer>);
  readonly limits?: Partial<PluginLimits>;
  /** Repeats `apply` until it fails, at most this often. */
  readonly repeat?: number;
}

/** An entry as it travels into a home. */
export interface CompiledEntry extends Omit<HostileEntry, 'module'> {
  readonly wasm: Uint8Array<ArrayBuffer>;
}

/** Little-endian 32-bit words as text of a data segment. */
export function words(...values: readonly number[]): string {
  return escaped(new Uint8Array(Uint32Array.from(values).buffer));
}

export function floats(...values: readonly number[]): string {
  return escaped(new Uint8Array(Float32Array.from(values).buffer));
}

/** The length, then the text in UTF-8: what the ABI calls words. */
export function counted(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return words(bytes.length) + escaped(bytes);
}

/** A data segment at `address`. */
export function data(address: number, content: string): string {
  return `(data (i32.const ${address}) "${content}")`;
}

function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
}
