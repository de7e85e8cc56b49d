// `npm run deploy`: builds, checks the configuration, applies the index's migrations and puts the edge on Cloudflare.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildStudio, buildWasm } from './build.mjs';
import { ensureDependencies, fail, packageBin, ROOT, runNode, say } from './project.mjs';

const HELP = `usage: npm run deploy [-- [--env NAME] [--dry-run]]
  --env NAME   an environment of wrangler.toml, such as staging
  --dry-run    builds and checks, sends nothing`;

const args = process.argv.slice(2);
if (args.includes('--help')) {
  say(HELP);
  process.exit(0);
}
const at = args.indexOf('--env');
const environment = at === -1 ? undefined : args[at + 1];
const isDry = args.includes('--dry-run');
const known = new Set(['--env', environment, '--dry-run']);
const odd = args.find((argument) => !known.has(argument));
if (odd !== undefined || (at !== -1 && environment === undefined)) {
  say(`error: ${odd === undefined ? '--env wants a name' : `no option ${odd}`}\n${HELP}`);
  process.exit(2);
}

/** The text of wrangler.toml that counts for this environment: its own tables, or those before the first environment. */
function configurationOf(name) {
  const [base = '', ...environments] = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8').split(
    /^(?=\[env\.)/m,
  );
  if (name === undefined) return base;
  const own = environments.filter(
    (part) => part.startsWith(`[env.${name}]`) || part.startsWith(`[env.${name}.`),
  );
  if (own.length === 0) fail(`wrangler.toml has no environment ${name}`);
  return own.join('');
}

if (!isDry && /database_id\s*=\s*"0{8}-/.test(configurationOf(environment))) {
  fail(
    'wrangler.toml still has the placeholder as database_id. Make the database with `npx wrangler d1 create tincture` and put the id that it prints there; worker/OPERATING.md has the whole way.',
  );
}

ensureDependencies();
await buildWasm();
await buildStudio();
const wrangler = packageBin('wrangler');
const chosen = environment === undefined ? [] : ['--env', environment];
const steps = isDry
  ? [['deploy', '--dry-run', ...chosen]]
  : [
      ['d1', 'migrations', 'apply', 'DB', '--remote', ...chosen],
      ['deploy', ...chosen],
    ];
for (const step of steps) {
  say(`wrangler ${step.join(' ')} …`);
  const code = await runNode([wrangler, ...step]);
  if (code !== 0) fail(`wrangler ${step[0]} failed; the lines above say why. Nothing after it was done.`);
}
