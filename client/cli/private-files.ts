// What the command line keeps for its user alone: tokens and the signing key, in files that nobody else can read.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TinctureError } from '../../plugins/contract/error.ts';

/** No file here comes near it. */
const MAX_BYTES = 1024 * 1024;

/**
 * The folder: TINCTURE_CONFIG where it is set, else `tincture` in XDG_CONFIG_HOME, in Windows' APPDATA, or in `.config` of the
 * home.
 */
export function configFolder(): string {
  const { TINCTURE_CONFIG, XDG_CONFIG_HOME, APPDATA } = process.env;
  if (TINCTURE_CONFIG) return TINCTURE_CONFIG;
  if (XDG_CONFIG_HOME) return join(XDG_CONFIG_HOME, 'tincture');
  if (process.platform === 'win32' && APPDATA) return join(APPDATA, 'tincture');
  return join(homedir(), '.config', 'tincture');
}

/**
 * Text of a file of the folder; `undefined` where there is none. Throws `cli/private-file` for one that other users can read or
 * write (where the system has such modes): it may be known already.
 */
export async function readPrivate(name: string): Promise<string | undefined> {
  const path = join(configFolder(), name);
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (facts === undefined) return undefined;
  const mode = facts.mode & 0o777;
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new TinctureError('cli/private-file', 'other users can read this file', {
      where: path,
      expected: 'mode 600',
      found: `mode ${mode.toString(8)}`,
      fix: `If nobody has: chmod 600 ${JSON.stringify(path)}. Else revoke what is in it and delete it.`,
    });
  }
  if (facts.size > MAX_BYTES) {
    throw new TinctureError('cli/private-file', 'the file is too large to be ours', { where: path });
  }
  return readFile(path, 'utf8');
}

/** Writes a file of the folder, whole or not at all, with mode 600; the folder is made with mode 700 where it is missing. */
export async function writePrivate(name: string, text: string): Promise<void> {
  const folder = configFolder();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.${name}.${randomUUID()}.part`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, join(folder, name));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
