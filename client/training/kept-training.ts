// One training as this browser keeps it, so that a reload loses nothing: pictures, words, state, losses, previews.
import { TrainingError } from './error.ts';

const FOLDER = 'tincture-training';
/** Files of a folder that are listed; a page that fills it otherwise is not this one. */
const MAX_LISTED = 100_000;

/** Paths are at most one folder deep, such as `previews/120-0.png`. */
export interface KeptTraining {
  /** Undefined where there is none. */
  read(path: string): Promise<File | undefined>;
  /**
   * Writes the whole file or leaves the one before. Throws `training/room` where there is no room.
   */
  write(path: string, content: Blob | Uint8Array<ArrayBuffer> | string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Names in a folder. */
  list(folder: string): Promise<string[]>;
  /** Removes everything. */
  clear(): Promise<void>;
}

/** Where the parts are. */
export const KEPT = {
  project: 'project.json',
  state: 'state.safetensors',
  losses: 'losses.json',
  picture: (id: string) => `pictures/${id}`,
  preview: (step: number, number: number) => `previews/${step}-${number}.png`,
} as const;

/** The training of this origin; its pages and their Workers share it. */
export function openKeptTraining(): KeptTraining {
  return {
    async read(path) {
      const place = await placeOf(path, false);
      if (place === undefined) return undefined;
      return unlessMissing(
        unlessMissing(place.folder.getFileHandle(place.name)).then((handle) => handle?.getFile()),
      );
    },
    async write(path, content) {
      const size =
        typeof content === 'string' ? content.length : 'size' in content ? content.size : content.length;
      try {
        const { folder, name } = (await placeOf(path, true))!;
        const handle = await folder.getFileHandle(name, { create: true });
        // What is written takes the file's place when it is closed, and not before.
        const writer = await handle.createWritable();
        try {
          await writer.write(content);
          await writer.close();
        } catch (error) {
          await writer.abort().catch(() => {});
          throw error;
        }
      } catch (error) {
        throw roomError(error, path, size);
      }
    },
    async remove(path) {
      const place = await placeOf(path, false);
      if (place !== undefined) await unlessMissing(place.folder.removeEntry(place.name));
    },
    async list(folder) {
      const place = await placeOf(`${folder}/`, false);
      const names: string[] = [];
      if (place === undefined) return names;
      for await (const name of place.folder.keys()) {
        if (names.length < MAX_LISTED) names.push(name);
      }
      return names;
    },
    async clear() {
      await unlessMissing((await navigator.storage.getDirectory()).removeEntry(FOLDER, { recursive: true }));
    },
  };
}

async function placeOf(
  path: string,
  create: boolean,
): Promise<{ readonly folder: FileSystemDirectoryHandle; readonly name: string } | undefined> {
  const parts = path.split('/');
  const name = parts.pop()!;
  let folder: FileSystemDirectoryHandle | undefined = await navigator.storage.getDirectory();
  for (const part of [FOLDER, ...parts]) {
    folder = await unlessMissing(folder.getDirectoryHandle(part, { create }));
    if (folder === undefined) return undefined;
  }
  return { folder, name };
}

async function unlessMissing<T>(wanted: Promise<T>): Promise<T | undefined> {
  try {
    return await wanted;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return undefined;
    throw error;
  }
}

function roomError(error: unknown, path: string, size: number): unknown {
  if (!(error instanceof Error) || error.name !== 'QuotaExceededError') return error;
  return new TrainingError('training/room', 'there is no room to keep this', {
    where: path,
    expected: `${size} bytes free`,
    fix: 'Free some space under “Storage” or on the device, then go on. What was kept before is still there.',
    cause: error,
  });
}
