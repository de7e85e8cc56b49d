// The compiler's flags: one list for the project's own modules and for those of authors. Plain data, for Node and browsers.

/** Pages of 64 KiB that a module may grow to: the ABI's cap, 512 MiB. */
const MAXIMUM_PAGES = 8192;

/**
 * The runtime of managed objects: the source that both builds hand the compiler in place of its stub's allocator. A library
 * folder that exists for the compiler only, with one file; named by the path that it replaces.
 */
export const RUNTIME_FOLDER = 'tincture-runtime';
export const RUNTIME_FILE = 'rt/stub.ts';
/** Where it is in this repository. */
export const RUNTIME_SOURCE = 'plugins/sdk/assembly/runtime.ts';

/** What every build has: no imports, the plugins' own runtime, a bounded memory, SIMD. */
const COMMON = [
  ...[
    '--config',
    'none',
    '--runtime',
    'stub',
    '--lib',
    RUNTIME_FOLDER,
    '--enable',
    'simd',
    '--use',
    'abort=',
  ],
  ...['--initialMemory', '1', '--maximumMemory', String(MAXIMUM_PAGES)],
  // 112: vectors in signatures are not for every embedder; ours stay inside the module.
  ...['--disableWarning', '112'],
];

/** Small and fast; assertions are left out. */
export const RELEASE_FLAGS = [...COMMON, '--optimizeLevel', '3', '--shrinkLevel', '1', '--noAssert'];

/** Assertions trap, and functions keep their names. Level 1, since unoptimised kernels would miss a host's deadlines. */
export const DEBUG_FLAGS = [...COMMON, '--optimizeLevel', '1', '--debug'];
