// The SDK's and the kernels' sources, read from this checkout: what authors' `import … from 'tincture'` reaches. In Node.
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { SourceFiles } from './compile.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS = ['plugins/sdk/assembly', 'wasm/assembly'];

/** Where the checkout is, for editors. */
export const SDK_SOURCE = `${ROOT}plugins/sdk/assembly/index.ts`;
export const COMPILER_TYPES = `${ROOT}node_modules/assemblyscript/std/assembly.json`;

let library: Promise<SourceFiles> | undefined;

/** All of it, by paths in this repository; read once. */
export function readLibrary(): Promise<SourceFiles> {
  library ??= readFolders();
  return library;
}

async function readFolders(): Promise<SourceFiles> {
  const files: Record<string, string> = {};
  for (const folder of FOLDERS) {
    for (const name of (await readdir(`${ROOT}${folder}`)).sort()) {
      if (name.endsWith('.ts'))
        files[`${folder}/${name}`] = await readFile(`${ROOT}${folder}/${name}`, 'utf8');
    }
  }
  return files;
}
