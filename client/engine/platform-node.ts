// The engine's platform in Node: files by path, plugins in worker threads, downloads in a folder of the user's cache.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { folderCache } from '../cache/folder.ts';
import type { ByteSource } from '../formats/entry.ts';
import { fileSource } from '../formats/node-file.ts';
import { createNodeHost } from '../plugin-host/node.ts';
import type { Platform } from './platform.ts';
import { cacheFolder, folderWorkingFiles, workingFolder } from './working-files-node.ts';

/** Extensions of style files, in the order in which a style's name is tried. */
const STYLE_EXTENSIONS = ['.style', '.safetensors', '.pt'] as const;

export function nodePlatform(): Platform {
  const openPath = async (path: string): Promise<ByteSource | undefined> => {
    const facts = await stat(path).catch(() => undefined);
    return facts?.isFile() ? fileSource(path) : undefined;
  };
  return {
    openPath,
    async openBundledStyle(modelFolder, name) {
      for (const extension of STYLE_EXTENSIONS) {
        const found = await openPath(join(modelFolder, 'styles', `${name}${extension}`));
        if (found !== undefined) return found;
      }
      return undefined;
    },
    createPluginHost: createNodeHost,
    openCache: async () => folderCache(cacheFolder()),
    workingFiles: () => folderWorkingFiles(workingFolder()),
  };
}
