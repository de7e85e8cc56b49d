// How the studio is built and served while it is worked on.
import { preact } from '@preact/preset-vite';
import { defaultClientConditions, defineConfig } from 'vite';
import { fileLimit } from './bundling/file-limit.ts';
import { ortFiles } from './bundling/ort-files.ts';
import { pluginForEdge } from './bundling/plugin-for-edge.ts';
import { serviceWorkerShell } from './bundling/service-worker-shell.ts';

const folder = (path: string) => new URL(path, import.meta.url).pathname;

/** Threads of WebAssembly need a cross-origin isolated page. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  root: folder('.'),
  cacheDir: folder('../../node_modules/.vite-studio'),
  plugins: [preact(), ortFiles(), serviceWorkerShell(), fileLimit(), pluginForEdge()],
  // onnxruntime-web without its WebAssembly files inlined or renamed: they lie under /ort/.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  worker: { format: 'es', plugins: () => [ortFiles()] },
  server: { headers, fs: { allow: [folder('../..')] } },
  preview: { headers },
  build: {
    outDir: folder('../../build/studio'),
    emptyOutDir: true,
    target: 'esnext',
    // A plugin's module inlined as text would cross a frame's policy as another kind of address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: folder('index.html'), 'service-worker': folder('service-worker.ts') },
      output: {
        // A service worker keeps its address over all versions.
        entryFileNames: ({ name }) =>
          name === 'service-worker' ? 'service-worker.js' : 'assets/[name]-[hash].js',
      },
    },
  },
});
