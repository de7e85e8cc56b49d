// `npm run tincture -- …`: sets up what the command line needs and runs it.
import { join } from 'node:path';
import { buildWasm } from './build.mjs';
import { ensureDependencies, ROOT, runNode } from './project.mjs';

ensureDependencies();
await buildWasm();
process.exitCode = await runNode([
  '--no-warnings',
  join(ROOT, 'client', 'cli', 'main.ts'),
  ...process.argv.slice(2),
]);
