// What a plugin may take. Every number is enforced by the validator or by the host, and a test proves each.

/** Bytes of a whole module: the standard plugin takes 1/300 of it, a plugin with a small language runtime still fits. */
export const MAX_MODULE_BYTES = 4 * 1024 * 1024;
/** Bytes of linear memory that a module may declare: a deep SD 1.x network for width 768 packs into about 400 MB. */
export const MAX_MEMORY_BYTES = 512 * 1024 * 1024;
export const WASM_PAGE_BYTES = 65_536;

/** Counts that bound a compiler's time and memory. */
export const MAX_TYPES = 1_000;
export const MAX_FUNCTIONS = 10_000;
export const MAX_GLOBALS = 1_000;
export const MAX_EXPORTS = 100;
export const MAX_SEGMENTS = 10_000;
export const MAX_PARAMETERS = 100;
export const MAX_LOCALS = 2_000;
/** Bytes of one function: optimising compilers are superlinear in it. */
export const MAX_FUNCTION_BYTES = 256 * 1024;
export const MAX_TABLE_ENTRIES = 10_000;
/** Blocks within blocks: some compilers recurse into them. */
export const MAX_BLOCK_DEPTH = 1_000;
/** Operands that wait on the stack in one function. */
export const MAX_OPERANDS = 2_000;
/** Targets of one `br_table`, its default not counted. */
export const MAX_BRANCH_TARGETS = 10_000;
/** Bytes of an export's or a custom section's name. */
export const MAX_NAME_BYTES = 1_000;
/** Custom sections: names, source maps, the card. */
export const MAX_CUSTOM_SECTIONS = 100;

/** Milliseconds for one call when the caller names none: a first apply on a slow phone stays well below. */
export const DEFAULT_DEADLINE_MS = 10_000;
/** Bytes of a plugin's own error text that the host reads. */
export const MAX_MESSAGE_BYTES = 1_024;
/** Layers of one stack and values of one context side: far above any hypernetwork, small enough for 32-bit sums. */
export const MAX_LAYERS = 256;
export const MAX_WIDTH = 16_384;
export const MAX_CONTEXT_VALUES = 1 << 24;

/** Bytes of a plugin's description, and its parameters. */
export const MAX_DESCRIPTION_BYTES = 16 * 1024;
export const MAX_PARAMETERS_DESCRIBED = 16;
/** Named tensors of one weights file, their axes, and bytes of a name. */
export const MAX_TENSORS = 4_096;
export const MAX_TENSOR_RANK = 6;
export const MAX_TENSOR_NAME_BYTES = 256;
/** Weights files of one style. */
export const MAX_WEIGHTS_FILES = 8;
/** Sampling steps of one picture, so of one schedule: a diffusion model has no more timesteps than this. */
export const MAX_STEPS = 1_000;
/** Different phases of one schedule. */
export const MAX_PHASES = 64;
/** Bytes of the layer blocks that one `tincture_layers` call may hand out. */
export const MAX_LAYERS_BYTES = 256 * 1024 * 1024;
/** Milliseconds that all calls of one plugin for one picture may take together. */
export const DEFAULT_PICTURE_BUDGET_MS = 30_000;
