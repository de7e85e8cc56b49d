// What every command of the checkout needs first: locked dependencies and a Node that runs TypeScript.
// Plain JavaScript with no imports from npm: it must run on the machine's own Node (20 or later) in a bare clone.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const LOCK_STAMP = join(ROOT, 'node_modules', '.tincture-lock');
/** Node 24 runs TypeScript as it is and has Float16Array. */
const WANTED_NODE_MAJOR = 24;

/** Prints a line about the setup's progress on stderr, so that stdout stays the command's own. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Ends the process with a message that says what to do. */
export function fail(line) {
  say(`error: ${line}`);
  process.exit(1);
}

/** Installs exactly what the lock file says, unless that is already there. */
export function ensureDependencies() {
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (existsSync(LOCK_STAMP) && readFileSync(LOCK_STAMP, 'utf8') === lock) return;
  say('installing the locked dependencies (npm ci) …');
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
    env: { ...process.env, npm_config_omit: '', NODE_ENV: 'development' },
  });
  if (result.status !== 0) fail('npm ci failed; the lines above say why. Check the network and try again.');
  writeFileSync(LOCK_STAMP, lock);
}

/** Path of a Node that runs the project's TypeScript: this one if new enough, else the devDependency's. */
export function nodePath() {
  if (Number(process.versions.node.split('.')[0]) >= WANTED_NODE_MAJOR) return process.execPath;
  const bundled = join(
    ROOT,
    'node_modules',
    'node',
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (!existsSync(bundled)) {
    fail(
      `this machine has Node ${process.versions.node} and the package \`node\` brought no binary for ${process.platform}-${process.arch}. ` +
        `Install Node ${WANTED_NODE_MAJOR} or newer and run the command again.`,
    );
  }
  return bundled;
}

/** The environment of child programs: that Node first on the path, and no telemetry. */
export function childEnvironment() {
  const separator = process.platform === 'win32' ? ';' : ':';
  return {
    ...process.env,
    PATH: `${dirname(nodePath())}${separator}${process.env.PATH ?? ''}`,
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    DO_NOT_TRACK: '1',
  };
}

/** Runs a program of the project to its end and gives its exit code. */
export function runNode(args, options = {}) {
  return run(nodePath(), args, options);
}

/**
 * As `runNode`, any program. A terminal's Ctrl-C reaches the child itself; this process only waits for it. `onOutput`
 * gets what it prints, with a `stdio` of pipes.
 */
export function run(command, args, { stdio = 'inherit', env = {}, cwd = ROOT, onOutput } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio, env: { ...childEnvironment(), ...env } });
    for (const stream of onOutput === undefined ? [] : [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', onOutput);
    }
    const wait = () => {};
    const pass = () => child.kill('SIGTERM');
    process.on('SIGINT', wait);
    process.on('SIGTERM', pass);
    child.on('error', reject);
    child.on(onOutput === undefined ? 'exit' : 'close', (code, signal) => {
      process.off('SIGINT', wait);
      process.off('SIGTERM', pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

/** The bin script of an installed package, to be run by `runNode`. */
export function packageBin(name, bin = name) {
  const folder = join(ROOT, 'node_modules', name);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const path = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[bin];
  return join(folder, path);
}
