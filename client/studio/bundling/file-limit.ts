// Vite plugin: refuses a build with a file that the host of the edge would refuse.
import type { Plugin } from 'vite';

/** Cloudflare's limit for one static asset. */
const LIMIT_BYTES = 25 * 1024 * 1024;

export function fileLimit(): Plugin {
  return {
    name: 'tincture:file-limit',
    apply: 'build',
    writeBundle(_options, bundle) {
      for (const entry of Object.values(bundle)) {
        const source = entry.type === 'chunk' ? entry.code : entry.source;
        const bytes = typeof source === 'string' ? Buffer.byteLength(source) : source.byteLength;
        if (bytes > LIMIT_BYTES) {
          this.error(`${entry.fileName}: a static asset may have ${LIMIT_BYTES} bytes, this has ${bytes}`);
        }
      }
    },
  };
}
