// Where the models of this user lie, and which names their folders may have.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { StoreError } from './errors.ts';

/** `TINCTURE_DATA`, else `tincture` in the user's data folder by the XDG convention. */
export function dataFolder(): string {
  const named = process.env['TINCTURE_DATA'];
  return named ?? join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'tincture');
}

const MAX_NAME = 64;

/** Throws `store/name` unless the name may be a model's: letters, digits, dots, dashes, underscores; no dot in front. */
export function checkModelName(name: string): void {
  if (name.length <= MAX_NAME && /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name)) return;
  throw new StoreError('name', 'not a name for a model', {
    expected: `1 to ${MAX_NAME} letters, digits, dots, dashes or underscores`,
    found: JSON.stringify(name.slice(0, 100)),
    fix: 'Give another with --name.',
  });
}

/** A name out of a path or URL: its last part without extension, and with dashes for what no name may have. */
export function nameFrom(location: string): string {
  const path = URL.canParse(location) ? decodeURIComponent(new URL(location).pathname) : location;
  const last = path.replace(/[\\/]+$/, '').replace(/^.*[\\/]/, '');
  const stem = last.replace(/\.(safetensors|ckpt|pt|bin)$/i, '');
  return (
    stem
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[.-]+/, '')
      .slice(0, MAX_NAME) || 'model'
  );
}
