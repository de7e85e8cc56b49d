// `npm run bench`: sets up, then runs the benchmarks one after another. Arguments choose some by name.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildStudio, buildWasm } from './build.mjs';
import { ensureChromium } from './chromium.mjs';
import { ensureDependencies, fail, ROOT, runNode, say } from './project.mjs';

const FOLDER = join(ROOT, 'tests', 'bench');
const all = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => name.slice(0, -'.bench.ts'.length))
  .sort();
/** Tens of minutes, or tens of gigabytes of disk: only by name. */
const LONG = new Set(['full-size', 'search']);
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('-'));
if (flags.includes('--help')) {
  say(
    `usage: npm run bench [-- NAME … [--json]]\nbenchmarks: ${all.join(', ')}\nonly when named: ${[...LONG].join(', ')}`,
  );
  process.exit(0);
}
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) fail(`no benchmark ${unknown.join(', ')}; there are: ${all.join(', ')}`);

ensureDependencies();
await buildWasm();
await buildStudio();
const env = { CHROMIUM: ensureChromium() };
const chosen = wanted.length > 0 ? wanted : all.filter((name) => !LONG.has(name));
if (wanted.length === 0) say(`not run, because they take long; name them: ${[...LONG].join(', ')}`);
for (const name of chosen) {
  say(`\n— ${name}`);
  const code = await runNode(['--no-warnings', '--expose-gc', join(FOLDER, `${name}.bench.ts`), ...flags], {
    env,
  });
  if (code !== 0) process.exitCode = code;
}
