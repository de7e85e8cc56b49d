// `npm run backup` and `npm run restore`: sets up what operating a registry needs and runs it.
import { join } from 'node:path';
import { ensureDependencies, ROOT, runNode } from './project.mjs';

ensureDependencies();
process.exitCode = await runNode([
  '--no-warnings',
  join(ROOT, 'worker', 'operation', 'main.ts'),
  ...process.argv.slice(2),
]);
