// Builds what the commands run: kernels and plugins to WebAssembly, the studio to static files. Skips what is unchanged.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies, fail, packageBin, ROOT, runNode, say } from './project.mjs';

const STAMPS = join(ROOT, 'build', '.stamps');

/** SHA-256 over names and contents of all files below the given paths: the identity of a build's inputs. */
function inputsDigest(paths) {
  const hash = createHash('sha256');
  const visit = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) {
        if (name !== 'node_modules' && name !== 'screenshots') visit(join(path, name));
      }
    } else {
      hash.update(relative(ROOT, path)).update('\0').update(readFileSync(path)).update('\0');
    }
  };
  for (const path of paths) visit(join(ROOT, path));
  return hash.digest('hex');
}

/** Runs `build` unless its inputs are those of the last success and its output is there. */
async function step(name, inputs, output, build) {
  const stamp = join(STAMPS, name);
  const digest = inputsDigest([...inputs, 'package-lock.json']);
  if (existsSync(join(ROOT, output)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  say(`building ${name} …`);
  if ((await build()) !== 0) fail(`building ${name} failed; the lines above say why.`);
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stamp, digest);
}

/** Kernels and plugins. */
export async function buildWasm() {
  await step('wasm', ['wasm', 'plugins'], 'build/plugins/hypernetwork.wasm', () =>
    runNode([join(ROOT, 'wasm', 'build.mjs')], { stdio: ['ignore', 2, 2] }),
  );
}

/** The studio's static files. */
export async function buildStudio() {
  const inputs = ['client', 'plugins', 'wasm'].filter((path) => existsSync(join(ROOT, path)));
  await step('studio', inputs, 'build/studio/index.html', () =>
    runNode(
      [
        packageBin('vite'),
        'build',
        '--config',
        join(ROOT, 'client', 'studio', 'vite.config.ts'),
        '--logLevel',
        'error',
      ],
      { stdio: ['ignore', 2, 2] },
    ),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureDependencies();
  await buildWasm();
  await buildStudio();
}
