// What POST /v1/apply may take, beside what any plugin may take at the edge.

/** Bytes of the posted safetensors file: 1,024 tokens of the widest text contexts in use (1,024) in float32. */
export const MAX_APPLY_BYTES = 4 * 2 ** 20 + 2 ** 16;
/** Tokens of a context: thirteen prompts of 77. */
export const MAX_APPLY_ROWS = 1024;
/** Bytes of all weights files of a style; they are in memory once as a file and once as layers. */
export const MAX_APPLY_WEIGHTS_BYTES = 24 * 2 ** 20;
/** Milliseconds of one call of the plugin, and of all its calls, paid in fuel. */
export const APPLY_DEADLINE_MS = 2000;
export const APPLY_BUDGET_MS = 5000;
export const MAX_STRENGTH = 100;
/** Sampling steps of the picture that a plugin with a schedule is told of. */
export const APPLY_STEPS = 20;
