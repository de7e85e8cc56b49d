// The engine's platform in a page or its Worker: plugins in sandboxed frames, downloads in OPFS.
import { opfsCache } from '../cache/opfs.ts';
import { createFrameHost } from '../plugin-host/frame.ts';
import type { PluginHost } from '../plugin-host/host.ts';
import type { Platform } from './platform.ts';
import { opfsWorkingFiles } from './working-files-opfs.ts';

/** @param pluginHost The page's host over a port; needed in a Worker, which has no frames of its own. */
export function browserPlatform(pluginHost?: PluginHost): Platform {
  return {
    openPath: async () => undefined,
    openBundledStyle: async () => undefined,
    createPluginHost: () => pluginHost ?? createFrameHost(),
    openCache: async () => opfsCache(),
    workingFiles: opfsWorkingFiles,
  };
}
