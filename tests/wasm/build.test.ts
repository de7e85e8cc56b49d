// The build of the AssemblyScript modules: the compiler's words on failure, and nothing done twice.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
// biome-ignore lint/correctness/useImportExtensions: the script is JavaScript, its types lie beside it
import { buildModules, compileModule } from '../../wasm/build.mjs';

test('a program that does not compile fails with the place and the reason', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tincture-asc-'));
  try {
    await writeFile(join(folder, 'wrong.ts'), 'export function f(): i32 {\n  return missing;\n}\n');
    await expect(compileModule(folder, 'wrong.ts', 'wrong.wasm', [])).rejects.toThrow(
      /wrong\.ts: [\s\S]*Cannot find name 'missing'[\s\S]*wrong\.ts\(2,10\)/,
    );
    await writeFile(join(folder, 'right.ts'), 'export function f(): i32 {\n  return 7;\n}\n');
    await compileModule(folder, 'right.ts', 'right.wasm', []);
    expect((await stat(join(folder, 'right.wasm'))).size).toBeGreaterThan(8);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('unchanged modules are not built again', async () => {
  const paths = await buildModules();
  const names = paths.map((path) => path.slice(path.lastIndexOf('build/')));
  expect(names).toEqual(
    expect.arrayContaining([
      'build/wasm/kernels.wasm',
      'build/wasm/kernels.relaxed.wasm',
      'build/plugins/hypernetwork.wasm',
      'build/plugins/hypernetwork.relaxed.wasm',
    ]),
  );
  expect(new Set(names).size).toBe(names.length);
  const times = async (): Promise<number[]> =>
    Promise.all(paths.map(async (path) => (await stat(path)).mtimeMs));
  const before = await times();
  await buildModules();
  expect(await times()).toEqual(before);
});
