// Types of the compiler's flags.
export const RELEASE_FLAGS: readonly string[];
export const DEBUG_FLAGS: readonly string[];
export const RUNTIME_FOLDER: string;
export const RUNTIME_FILE: string;
export const RUNTIME_SOURCE: string;
