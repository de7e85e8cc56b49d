// The plugin ABI's names, signatures, codes and block layout: one truth for kit, worker and client. Prose: plugins/ABI.md.

/** Version of the ABI that this table describes. The marker export carries it, so that later hosts know old plugins. */
export const ABI_VERSION = 1;
export const ABI_MARKER = `tincture_abi_${ABI_VERSION}`;
export const ABI_MEMORY = 'memory';

export type AbiType = 'i32' | 'f32';
export interface AbiSignature {
  readonly parameters: readonly AbiType[];
  readonly results: readonly AbiType[];
}

/** Every function that a plugin must export. */
export const ABI_FUNCTIONS = {
  [ABI_MARKER]: { parameters: [], results: [] },
  tincture_alloc: { parameters: ['i32'], results: ['i32'] },
  tincture_free: { parameters: ['i32'], results: [] },
  tincture_load: { parameters: ['i32', 'i32', 'i32', 'i32', 'i32'], results: ['i32'] },
  tincture_apply: { parameters: ['i32', 'i32', 'i32', 'i32', 'f32'], results: ['i32'] },
  tincture_error: { parameters: [], results: ['i32'] },
} as const satisfies Record<string, AbiSignature>;

/** What `tincture_load` and `tincture_apply` return. Any other value is a refusal in the plugin's own words. */
export const STATUS = { ok: 0, refused: 1, outOfMemory: 2, unknownWidth: 3 } as const;

/** The half of the pair that a layer belongs to. */
export const SIDE = { k: 0, v: 1 } as const;

/** Pointers that the host is given are multiples of this. */
export const ALIGNMENT = 16;

/** A layer block is a header of eight little-endian 32-bit words, then its values. */
export const LAYER_HEADER_BYTES = 32;
export const LAYER_KIND = { linear: 1, activation: 2, 'layer-norm': 3 } as const;
export const LAYER_VALUES = { float32: 0, float16: 1 } as const;

/** Activation codes are the places in this list. New names go to its end. */
export const ABI_ACTIVATIONS = [
  'relu', 'leakyrelu', 'elu', 'swish', 'tanh', 'sigmoid', 'mish', 'gelu', 'silu', 'softsign', 'softplus', 'selu',
  'celu', 'prelu', 'hardtanh', 'hardsigmoid', 'hardshrink', 'softshrink', 'tanhshrink', 'logsigmoid', 'relu6', 'rrelu',
] as const; // biome-ignore format: a table
