// `npm start`: sets up, then serves the studio and the edge on this machine until Ctrl-C.
import { join } from 'node:path';
import { buildStudio, buildWasm } from './build.mjs';
import { ensureDependencies, ROOT, runNode } from './project.mjs';

ensureDependencies();
await buildWasm();
await buildStudio();
process.exitCode = await runNode([
  '--no-warnings',
  join(ROOT, 'worker', 'local', 'start.ts'),
  ...process.argv.slice(2),
]);
