// Vite plugin: tells the service worker which files the app shell consists of, and their common identity.
import { createHash } from 'node:crypto';
import type { Plugin } from 'vite';
import { ortVersion } from './ort-files.ts';

const SERVICE_WORKER = 'service-worker.js';

export function serviceWorkerShell(): Plugin {
  return {
    name: 'tincture:service-worker-shell',
    apply: 'build',
    // After Vite's own plugins have added the page and the Workers to the bundle.
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const hash = createHash('sha256');
        const files: string[] = [];
        for (const name of Object.keys(bundle).sort()) {
          // onnxruntime's files are kept one build at a time, once it is known which one runs here.
          if (name === SERVICE_WORKER || name.startsWith('ort/') || name.endsWith('.map')) continue;
          const entry = bundle[name]!;
          hash.update(name).update(entry.type === 'chunk' ? entry.code : entry.source);
          files.push(name === 'index.html' ? '/' : `/${name}`);
        }
        const worker = bundle[SERVICE_WORKER];
        if (worker?.type !== 'chunk') return this.error(`${SERVICE_WORKER} is not in the bundle`);
        const shell = { version: hash.digest('hex').slice(0, 16), files, runtime: ortVersion() };
        worker.code = `const __SHELL__ = ${JSON.stringify(shell)};\n${worker.code}`;
      },
    },
  };
}
