// `npm test`: sets up, then formats-and-lints, type-checks and runs every test. Arguments go to Vitest.
import { join } from 'node:path';
import { buildStudio, buildWasm } from './build.mjs';
import { ensureChromium } from './chromium.mjs';
import { ensureDependencies, packageBin, ROOT, run, runNode, say } from './project.mjs';

ensureDependencies();
await buildWasm();
await buildStudio();
const chromium = ensureChromium();

const checks = [
  [
    'lint',
    () =>
      run(process.execPath, [
        packageBin('@biomejs/biome', 'biome'),
        'check',
        '--error-on-warnings',
        '--colors=off',
      ]),
  ],
  ...['client', 'worker', 'tests'].map((project) => [
    `types of ${project}`,
    () => runNode([packageBin('typescript', 'tsc'), '-p', join(ROOT, project)]),
  ]),
];
const failed = [];
for (const [name, check] of checks) {
  say(`checking ${name} …`);
  if ((await check()) !== 0) failed.push(name);
}

// The tests run even after a failed check, so that one run shows everything; the exit code tells of both.
const code = await runNode(
  [
    packageBin('vitest'),
    'run',
    '--config',
    join(ROOT, 'tests', 'vitest.config.ts'),
    ...process.argv.slice(2),
  ],
  { env: { CHROMIUM: chromium } },
);
if (failed.length > 0) say(`error: failed checks: ${failed.join(', ')}`);
process.exitCode = code !== 0 ? code : failed.length > 0 ? 1 : 0;
