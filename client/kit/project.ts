// An author's folder: its card, its sources and the files that the card names. In Node; everything read is bounded.
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { TinctureError } from '../../plugins/contract/error.ts';
import { MAX_MODULE_BYTES } from '../../plugins/contract/limits.ts';
import { MAX_MANIFEST_BYTES, MAX_PREVIEW_BYTES, MAX_WEIGHTS_BYTES } from '../../plugins/contract/style.ts';
import { type AuthorCard, CARD_FILE, parseAuthorCard } from './author-card.ts';
import { MAX_SOURCE_CHARACTERS, MAX_SOURCE_FILES, type SourceFiles } from './compile.ts';
import type { NamedBytes } from './pack.ts';

/** Folders that hold no sources of the plugin. */
const OTHER_FOLDERS: ReadonlySet<string> = new Set(['node_modules', 'build', 'test', 'weights', 'previews']);
/** Folders below folders: sources lie a few deep. */
const MAX_DEPTH = 8;

export interface Project {
  /** Absolute. */
  readonly folder: string;
  readonly card: AuthorCard;
}

/** Where the kit writes. */
export function buildFolder({ folder }: Project): string {
  return join(folder, 'build');
}

/** Reads and checks a folder's card. Throws `kit/project` where there is none, `kit/card` for what is wrong in it. */
export async function openProject(folder: string): Promise<Project> {
  const path = join(folder, CARD_FILE);
  if ((await stat(path).catch(() => undefined))?.isFile() !== true) {
    throw new TinctureError('kit/project', 'this is no style’s folder', {
      where: folder,
      expected: `a file ${CARD_FILE}`,
      fix: 'Go into the folder of the style, or make one with tincture new NAME.',
    });
  }
  const absolute = await realpath(resolve(folder));
  const bytes = await readBounded(absolute, CARD_FILE, MAX_MANIFEST_BYTES);
  return { folder: absolute, card: parseAuthorCard(new TextDecoder().decode(bytes), path) };
}

/** All `.ts` files of the folder that a plugin may import, by their paths in it. */
export async function readSources(project: Project): Promise<SourceFiles> {
  const files: Record<string, string> = {};
  let characters = 0;
  const visit = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(join(project.folder, folder), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        const skipped = entry.name.startsWith('.') || (depth === 0 && OTHER_FOLDERS.has(entry.name));
        if (!skipped && depth < MAX_DEPTH) await visit(path, depth + 1);
      } else if (entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts')) {
        files[path] = await readFile(join(project.folder, path), 'utf8');
        characters += files[path].length;
        if (Object.keys(files).length > MAX_SOURCE_FILES || characters > MAX_SOURCE_CHARACTERS) {
          throw new TinctureError('kit/sources', 'there is too much source', {
            where: path,
            expected: `at most ${MAX_SOURCE_FILES} files and ${MAX_SOURCE_CHARACTERS} characters`,
          });
        }
      }
    }
  };
  await visit('', 0);
  return files;
}

/** The finished module that the card names. */
export async function readModule(project: Project, path: string): Promise<Uint8Array> {
  return readBounded(project.folder, path, MAX_MODULE_BYTES);
}

/** The files that the card names, in its order. */
export async function readParts({
  folder,
  card,
}: Project): Promise<{ readonly weights: NamedBytes[]; readonly previews: NamedBytes[] }> {
  const read = async (paths: readonly string[], maximum: number): Promise<NamedBytes[]> => {
    const parts: NamedBytes[] = [];
    for (const path of paths) parts.push({ name: path, bytes: await readBounded(folder, path, maximum) });
    return parts;
  };
  return {
    weights: await read(card.files.weights, MAX_WEIGHTS_BYTES),
    previews: await read(card.files.previews, MAX_PREVIEW_BYTES),
  };
}

/** A file inside the folder, links followed; what leads out of it is refused. */
async function readBounded(folder: string, path: string, maximum: number): Promise<Uint8Array> {
  const real = await realpath(join(folder, path)).catch((cause: unknown) => {
    throw new TinctureError('kit/file', 'a file that the card names is missing', {
      where: join(folder, path),
      fix: `Put it there, or correct ${CARD_FILE}.`,
      cause,
    });
  });
  if (relative(folder, real).split(sep)[0] === '..') {
    throw new TinctureError('kit/file', 'a file of the style lies outside of its folder', {
      where: path,
      found: real,
    });
  }
  const { size } = await stat(real);
  if (size > maximum) {
    throw new TinctureError('kit/file', 'a file is too large', {
      where: path,
      expected: `at most ${maximum} bytes`,
      found: String(size),
    });
  }
  return new Uint8Array(await readFile(real));
}
