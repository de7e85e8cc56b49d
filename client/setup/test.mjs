// `npm test`: sets up, then runs every test while formats, lint and types are checked. Arguments go to Vitest.
import { join } from 'node:path';
import { buildStudio, buildWasm } from './build.mjs';
import { ensureChromium } from './chromium.mjs';
import { ensureDependencies, packageBin, ROOT, run, runNode, say } from './project.mjs';

const CHECKS = [
  [
    'lint',
    (options) =>
      run(
        process.execPath,
        [packageBin('@biomejs/biome', 'biome'), 'check', '--error-on-warnings', '--colors=off'],
        options,
      ),
  ],
  ...['client', 'worker', 'tests'].map((project) => [
    `types of ${project}`,
    (options) => runNode([packageBin('typescript', 'tsc'), '-p', join(ROOT, project)], options),
  ]),
];

/** Runs the checks one after another beside what else goes on; gives what the failed ones printed, by name. */
async function failedChecks() {
  const failed = new Map();
  for (const [name, check] of CHECKS) {
    let printed = '';
    const onOutput = (text) => {
      printed += text;
    };
    if ((await check({ stdio: ['ignore', 'pipe', 'pipe'], onOutput })) !== 0) failed.set(name, printed);
  }
  return failed;
}

ensureDependencies();
say(`checking ${CHECKS.map(([name]) => name).join(', ')} meanwhile …`);
const checking = failedChecks();
await buildWasm();
await buildStudio();

// The tests run whatever the checks say, so that one run shows everything; the exit code tells of both.
const code = await runNode(
  [
    packageBin('vitest'),
    'run',
    '--config',
    join(ROOT, 'tests', 'vitest.config.ts'),
    ...process.argv.slice(2),
  ],
  { env: { CHROMIUM: ensureChromium() } },
);
const failed = await checking;
for (const [name, printed] of failed) say(`\nerror: the check failed: ${name}\n${printed}`);
process.exitCode = code !== 0 ? code : failed.size > 0 ? 1 : 0;
