// Compiles the kernels and the plugins from AssemblyScript into build/. Skips what is unchanged; fails with asc's words.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
// biome-ignore lint/correctness/useImportExtensions: the rule takes the types beside it for the module
import { RELEASE_FLAGS, RUNTIME_FILE, RUNTIME_FOLDER, RUNTIME_SOURCE } from './flags.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The library that plugins import: its index is not a plugin. */
const LIBRARY = 'sdk';

/** Where the compiler looks for `tincture`, and what it finds there: as in the kit, so that both build the same plugin. */
const SDK_PACKAGE = 'node_modules/tincture/';
const SDK_INDEX = `export * from './plugins/${LIBRARY}/assembly/index';\n`;

/** Each plugin is one folder with an `assembly/index.ts`. */
const PLUGINS = readdirSync(join(ROOT, 'plugins'))
  .filter((name) => name !== LIBRARY && existsSync(join(ROOT, 'plugins', name, 'assembly', 'index.ts')))
  .sort();

/**
 * Every module. The kernels and the standard plugin also in a build with fused multiply-add, chosen at run time; the
 * other plugins only in the one for all engines, because a style is published with one module.
 */
const MODULES = [
  ...withRelaxed('wasm/assembly/index.ts', 'build/wasm/kernels'),
  ...PLUGINS.flatMap((name) => {
    const entry = `plugins/${name}/assembly/index.ts`;
    const output = `build/plugins/${name}`;
    return name === 'hypernetwork'
      ? withRelaxed(entry, output)
      : [{ entry, output: `${output}.wasm`, features: [] }];
  }),
];

function withRelaxed(entry, output) {
  return [
    { entry, output: `${output}.wasm`, features: [] },
    { entry, output: `${output}.relaxed.wasm`, features: ['--enable', 'relaxed-simd'] },
  ];
}

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
  visit(join(ROOT, 'wasm'));
  visit(join(ROOT, 'plugins', LIBRARY));
  for (const name of PLUGINS) visit(join(ROOT, 'plugins', name, 'assembly'));
  visit(join(ROOT, 'node_modules', 'assemblyscript', 'package.json'));
  return hash.digest('hex');
}

/** Compiles one module; paths are relative to `base`. `import … from 'tincture'` is the SDK. Throws with the compiler's words. */
export async function compileModule(base, entry, output, features) {
  const asc = await import('assemblyscript/asc');
  mkdirSync(dirname(join(base, output)), { recursive: true });
  const { error, stderr } = await asc.main(
    [entry, '--baseDir', base, '--outFile', output, ...RELEASE_FLAGS, ...features],
    { readFile: readSource, listFiles: (folder) => (folder === RUNTIME_FOLDER ? [RUNTIME_FILE] : []) },
  );
  if (error) throw new Error(`${entry}: ${error.message}\n${stderr.toString()}`);
}

/** What the compiler asks for: a file below `base`, the runtime, or one of the SDK, which it looks for as a package. */
function readSource(name, base) {
  if (base === RUNTIME_FOLDER) return name === RUNTIME_FILE ? textOf(join(ROOT, RUNTIME_SOURCE)) : null;
  const at = name.replaceAll('\\', '/').indexOf(SDK_PACKAGE);
  if (at < 0) return textOf(resolve(base, name));
  const path = name.slice(at + SDK_PACKAGE.length);
  return path === 'index.ts' ? SDK_INDEX : textOf(join(ROOT, path));
}

function textOf(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
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
