// The compiler's flags: one list for the project's own modules and for those of authors. Plain data, for Node and browsers.

/** Pages of 64 KiB that a module may grow to: the ABI's cap, 512 MiB. */
const MAXIMUM_PAGES = 8192;

/** What every build has: no imports, no runtime of its own, a bounded memory, SIMD. */
const COMMON = [
  ...['--config', 'none', '--runtime', 'stub', '--enable', 'simd', '--use', 'abort='],
  ...['--initialMemory', '1', '--maximumMemory', String(MAXIMUM_PAGES)],
  // 112: vectors in signatures are not for every embedder; ours stay inside the module.
  ...['--disableWarning', '112'],
];

/** Small and fast; assertions are left out. */
export const RELEASE_FLAGS = [...COMMON, '--optimizeLevel', '3', '--shrinkLevel', '1', '--noAssert'];

/** Assertions trap, and functions keep their names. Level 1, since unoptimised kernels would miss a host's deadlines. */
export const DEBUG_FLAGS = [...COMMON, '--optimizeLevel', '1', '--debug'];
