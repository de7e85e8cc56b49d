// Compiles the kernels and the plugins from AssemblyScript into build/. Skips what is unchanged; fails with asc's words.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RELEASE_FLAGS } from './flags.mjs.mts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Every module, in a build for all engines and one with fused multiply-add, chosen at run time. */
const MODULES = [
  { entry: 'wasm/assembly/index.ts', output: 'build/wasm/kernels' },
  { entry: 'plugins/hypernetwork/assembly/index.ts', output: 'build/plugins/hypernetwork' },
].flatMap(({ entry, output }) => [
  { entry, output: `${output}.wasm`, features: [] },
  { entry, output: `${output}.relaxed.wasm`, features: ['--enable', 'relaxed-simd'] },
]);

/** SHA-256 over everything that the output depends on. */
function inputsDigest() {
  const hash = createHash('sha256').update(JSON.stringify([RELEASE_FLAGS, MODULES]));
  const visit = (path) => {
    if (!statSync(path).isDirectory()) {
      hash.update(relative(ROOT, path)).update('\0').update(readFileSync(path)).update('\0');
      return;
    }
    for (const name of readdirSync(path).sort()) visit(join(path, name));
  };
  for (const folder of ['wasm', 'plugins/sdk', 'plugins/hypernetwork']) visit(join(ROOT, folder));
  visit(join(ROOT, 'node_modules', 'assemblyscript', 'package.json'));
  return hash.digest('hex');
}

/** Compiles one module; paths are relative to `base`. Throws with the compiler's words. */
export async function compileModule(base, entry, output, features) {
  const asc = await import('assemblyscript/asc');
  mkdirSync(dirname(join(base, output)), { recursive: true });
  const { error, stderr } = await asc.main([
    ...[entry, '--baseDir', base, '--outFile', output],
    ...RELEASE_FLAGS,
    ...features,
  ]);
  if (error) throw new Error(`${entry}: ${error.message}\n${stderr.toString()}`);
}

/** Builds what changed. Gives the paths of the modules; throws with the compiler's words where one fails. */
export async function buildModules() {
  const stamp = join(ROOT, 'build', 'wasm', '.inputs');
  const digest = inputsDigest();
  const outputs = MODULES.map(({ output }) => join(ROOT, output));
  const fresh =
    existsSync(stamp) && readFileSync(stamp, 'utf8') === digest && outputs.every((path) => existsSync(path));
  if (fresh) return outputs;

  for (const { entry, output, features } of MODULES) await compileModule(ROOT, entry, output, features);
  writeFileSync(stamp, digest);
  return outputs;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await buildModules();
  } catch (error) {
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 1;
  }
}
