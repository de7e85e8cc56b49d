// Vite plugin: tells the service worker which files the app shell consists of, and their common identity.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Plugin, Rolldown } from 'vite';
import { ortVersion } from './ort-files.ts';

const SERVICE_WORKER = 'service-worker.js';
const PAGE = 'index.html';
/** What is fetched only by those who open it, with all that nothing else needs: editor, compiler and trainer are large. */
const LATER = /(^|\/)(playground|training)-[^/]*\.(js|css)$/;

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
        // onnxruntime's files are kept one build at a time, once it is known which one runs here.
        const names = Object.keys(bundle)
          .filter((name) => name !== SERVICE_WORKER && !name.startsWith('ort/') && !name.endsWith('.map'))
          .sort();
        for (const name of names) hash.update(name).update(contentOf(bundle[name]!));
        const shell = shellOf(bundle, names);
        const address = (name: string) => (name === PAGE ? '/' : `/${name}`);
        const worker = bundle[SERVICE_WORKER];
        if (worker?.type !== 'chunk') return this.error(`${SERVICE_WORKER} is not in the bundle`);
        for (const page of ['playground', 'training']) {
          if (!names.some((name) => LATER.test(name) && name.includes(page))) {
            this.error(`the ${page} page is not a chunk of its own`);
          }
        }
        const facts = {
          version: hash.digest('hex').slice(0, 16),
          files: names.filter((name) => shell.has(name)).map(address),
          later: names.filter((name) => !shell.has(name)).map(address),
          runtime: ortVersion(),
        };
        worker.code = `const __SHELL__ = ${JSON.stringify(facts)};\n${worker.code}`;
      },
    },
  };
}

/** The files that the page needs: those that are named in it, in what it names, and so on, but for what comes later. */
function shellOf(bundle: Rolldown.OutputBundle, names: readonly string[]): ReadonlySet<string> {
  const shell = new Set([PAGE]);
  // Files that are added on the way are visited too.
  for (const file of shell) {
    const text = String(contentOf(bundle[file]!));
    for (const name of names) {
      if (!LATER.test(name) && text.includes(basename(name))) shell.add(name);
    }
  }
  return shell;
}

function contentOf(entry: Rolldown.OutputBundle[string]): string | Uint8Array {
  return entry.type === 'chunk' ? entry.code : entry.source;
}
