// What differs between a page, a Worker and Node: local files, the plugin host's home, the cache.
import type { BlobCache } from '../cache/blob-cache.ts';
import type { ByteSource } from '../formats/entry.ts';
import type { PluginHost } from '../plugin-host/host.ts';
import type { WorkingFiles } from './working-files.ts';

export interface Platform {
  /** Opens a file by path; undefined where there is none, or where paths mean nothing (a page). */
  openPath(path: string): Promise<ByteSource | undefined>;
  /** The first of the style files that belong to a model folder, by name; undefined when it has none. */
  openBundledStyle(modelFolder: string, name: string): Promise<ByteSource | undefined>;
  createPluginHost(): PluginHost;
  /** Where downloads are kept by digest. */
  openCache(): Promise<BlobCache>;
  /** Where copies that the engine makes of weights are kept. */
  workingFiles(): WorkingFiles;
}

/** True in Node (not in a page or a Worker of a page). */
export function runsInNode(): boolean {
  return (
    typeof process === 'object' && typeof process.versions?.node === 'string' && typeof window === 'undefined'
  );
}

/** The platform that this code runs on. A Worker of a page needs `pluginHost`, the page's own over a port. */
export async function currentPlatform(pluginHost?: PluginHost): Promise<Platform> {
  if (runsInNode()) {
    // Kept out of the bundler's sight: a page must never load Node's modules.
    const specifier = './platform-node.ts';
    const { nodePlatform } = (await import(
      /* @vite-ignore */ specifier
    )) as typeof import('./platform-node.ts');
    return nodePlatform();
  }
  const { browserPlatform } = await import('./platform-browser.ts');
  return browserPlatform(pluginHost);
}
