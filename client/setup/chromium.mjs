// Makes sure of a Chromium for the browser tests: finds one, or installs Debian's where that is possible.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fail, say } from './project.mjs';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];

/** Path of a Chromium; `CHROMIUM` in the environment names one elsewhere. */
export function findChromium() {
  const named = process.env.CHROMIUM;
  if (named !== undefined) {
    if (!existsSync(named)) fail(`CHROMIUM names ${named}, which does not exist.`);
    return named;
  }
  return PLACES.find((path) => existsSync(path));
}

/** Finds Chromium, or installs it with apt as root on Debian, or ends with what to do. */
export function ensureChromium() {
  const found = findChromium();
  if (found !== undefined) return found;
  const debian =
    existsSync('/etc/os-release') &&
    /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'));
  if (!debian || process.getuid?.() !== 0) {
    fail(
      'the browser tests need Chromium, and none was found. Install it (Debian: `sudo apt-get install chromium`) ' +
        'or name one in the environment variable CHROMIUM, then run the command again.',
    );
  }
  say('installing Chromium with apt …');
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', 'chromium'],
  ]) {
    const result = spawnSync('apt-get', args, {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (result.status !== 0)
      fail(`apt-get ${args.join(' ')} failed; install Chromium by hand and run the command again.`);
  }
  return (
    findChromium() ??
    fail('apt installed chromium, but no binary is at its usual place; name it in CHROMIUM.')
  );
}
