// `npm run tincture -- …`: sets up what the command line needs and runs it.
import { join } from 'node:path';
import { buildWasm } from './build.mjs';
import { ensureDependencies, ROOT, runNode } from './project.mjs';

ensureDependencies();
await buildWasm();
// npm runs scripts in the checkout's folder; paths mean what they meant where the user typed them.
const typedIn = process.env.npm_lifecycle_script === undefined ? undefined : process.env.INIT_CWD;
process.exitCode = await runNode(
  ['--no-warnings', join(ROOT, 'client', 'cli', 'main.ts'), ...process.argv.slice(2)],
  { cwd: typedIn ?? process.cwd() },
);
