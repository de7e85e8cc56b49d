// The bootstrap secret of an edge on this machine: made once, kept in its data folder where only the user can read it.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newSecret } from '../auth/secret.ts';

/** In the data folder; `tincture admin first` reads it there. */
export const BOOTSTRAP_SECRET_FILE = 'bootstrap-secret';

/** The folder's secret, made now where there is none yet; without a folder, one that is forgotten at the end. */
export async function localSecret(dataDir: string | undefined): Promise<string> {
  if (dataDir === undefined) return newSecret();
  const path = join(dataDir, BOOTSTRAP_SECRET_FILE);
  await mkdir(dataDir, { recursive: true });
  try {
    await writeFile(path, `${newSecret()}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Also where a backup was put back without its modes.
    await chmod(path, 0o600);
  }
  return (await readFile(path, 'utf8')).trim();
}
