// Puts the standard plugin beside the studio's files under a name that does not change: the edge applies styles with it.
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const MODULE = new URL('../../../build/plugins/hypernetwork.wasm', import.meta.url);

/** Writes plugins/hypernetwork.wasm after the bundle, so that the page's own list of files does not name it. */
export function pluginForEdge(): Plugin {
  return {
    name: 'plugin-for-edge',
    apply: 'build',
    async writeBundle({ dir = '' }) {
      await mkdir(join(dir, 'plugins'), { recursive: true });
      await copyFile(MODULE, join(dir, 'plugins', 'hypernetwork.wasm'));
    },
  };
}
