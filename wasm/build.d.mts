// Types of the build script, which is plain JavaScript so that any Node ≥ 20 runs it.
/** Compiles one module to `output`; paths are relative to `base`. Throws with the compiler's words. */
export function compileModule(
  base: string,
  entry: string,
  output: string,
  features: readonly string[],
): Promise<void>;
export function buildModules(): Promise<string[]>;
