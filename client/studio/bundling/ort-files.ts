// Vite plugin: onnxruntime's WebAssembly files lie under /ort/, under their own names, once.
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import type { Plugin } from 'vite';

/** The plain build for the wasm backend, and the JSPI build for WebGPU; the others are larger than a host takes. */
export const ORT_FILES = ['ort-wasm-simd-threaded', 'ort-wasm-simd-threaded.jspi'].flatMap((name) => [
  `${name}.mjs`,
  `${name}.wasm`,
]);

const TYPES: Readonly<Record<string, string>> = { '.mjs': 'text/javascript', '.wasm': 'application/wasm' };

const dist = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/webgpu'));

/** Version of the installed onnxruntime-web. */
export function ortVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(dist, '..', 'package.json'), 'utf8'));
  return (manifest as { version: string }).version;
}

export function ortFiles(): Plugin {
  return {
    name: 'tincture:ort-files',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const name = ORT_FILES.find((file) => request.url?.split('?')[0] === `/ort/${file}`);
        if (name === undefined) return next();
        response.setHeader('Content-Type', TYPES[extname(name)] ?? 'application/octet-stream');
        response.setHeader('Content-Length', statSync(join(dist, name)).size);
        response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
        response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
        createReadStream(join(dist, name)).pipe(response);
      });
    },
    generateBundle(_options, bundle) {
      // The library's own references to its files would bring a second copy of each, and builds that no one runs.
      for (const name of Object.keys(bundle)) {
        if (/(^|\/)ort-wasm-[^/]*\.(wasm|mjs)$/.test(name) && !name.startsWith('ort/')) delete bundle[name];
      }
      if (this.environment.config.isWorker) return;
      for (const name of ORT_FILES) {
        this.emitFile({ type: 'asset', fileName: `ort/${name}`, source: readFileSync(join(dist, name)) });
      }
    },
  };
}
