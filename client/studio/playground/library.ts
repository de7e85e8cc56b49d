// The SDK and the kernels as sources: what the compiler reads for `import … from 'tincture'`, and what authors may read.
import type { SourceFiles } from '../../kit/compile.ts';

const SOURCES: Readonly<Record<string, string>> = import.meta.glob(
  ['../../../plugins/sdk/assembly/*.ts', '../../../wasm/assembly/*.ts'],
  { query: '?raw', import: 'default', eager: true },
);

/** By their paths in the repository, such as `plugins/sdk/assembly/index.ts`. */
export const LIBRARY: SourceFiles = Object.fromEntries(
  Object.entries(SOURCES).map(([path, text]) => [path.replace(/^(\.\.\/)+/, ''), text]),
);
