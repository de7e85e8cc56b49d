// What a plugin may take at the edge, beside the limits of plugins/contract that hold everywhere.

/** Bytes of linear memory: an isolate has 128 MiB for this, the module's code and the copies that cross. */
export const EDGE_MEMORY_BYTES = 64 * 2 ** 20;
/** Bytes that one call may carry either way: the runtime refuses 32 MiB, its own framing included. */
export const EDGE_MESSAGE_BYTES = 31 * 2 ** 20;
/** The runtime version of loaded Workers; as in wrangler.toml. */
export const LOADED_COMPATIBILITY_DATE = '2026-11-01';
