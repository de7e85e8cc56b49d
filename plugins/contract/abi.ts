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
export const REQUIRED_FUNCTIONS = {
  [ABI_MARKER]: { parameters: [], results: [] },
  tincture_alloc: { parameters: ['i32'], results: ['i32'] },
  tincture_free: { parameters: ['i32'], results: [] },
  tincture_error: { parameters: [], results: ['i32'] },
} as const satisfies Record<string, AbiSignature>;

/** What a plugin may export; at least one of `tincture_apply` and `tincture_layers`. */
export const OPTIONAL_FUNCTIONS = {
  tincture_apply: { parameters: ['i32', 'i32', 'i32', 'i32', 'f32'], results: ['i32'] },
  tincture_layers: { parameters: ['i32', 'i32', 'i32'], results: ['i32'] },
  tincture_load: { parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], results: ['i32'] },
  tincture_tensor: { parameters: ['i32', 'i32', 'i32'], results: ['i32'] },
  tincture_parameter: { parameters: ['i32', 'f32'], results: ['i32'] },
  tincture_context: { parameters: ['i32', 'i32', 'i32'], results: ['i32'] },
  tincture_describe: { parameters: [], results: ['i32'] },
  tincture_schedule: { parameters: ['i32', 'i32'], results: ['i32'] },
  tincture_phase: { parameters: ['i32'], results: ['i32'] },
} as const satisfies Record<string, AbiSignature>;
export type OptionalFunction = keyof typeof OPTIONAL_FUNCTIONS;

/** What functions that give a status return. Any other value is a refusal in the plugin's own words. */
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

/** A tensor block is a header of twelve words, the name filled up to `ALIGNMENT`, then the values. */
export const TENSOR_HEADER_BYTES = 48;
export const TENSOR_DTYPE = { float32: 0, float16: 1, int8: 2, uint8: 3, int32: 4 } as const;

/** Custom section that ties a packed module to its card: the ABI's version, then the card's SHA-256. */
export const CARD_SECTION = 'tincture.card';
export const CARD_SECTION_BYTES = 36;
