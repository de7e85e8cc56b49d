// Types of the build script, which is plain JavaScript so that any Node ≥ 20 runs it.
export function compileModule(
  base: string,
  entry: string,
  output: string,
  features: readonly string[],
): Promise<void>;
export function buildModules(): Promise<string[]>;
