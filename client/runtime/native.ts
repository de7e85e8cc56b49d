// onnxruntime-node, the same runtime as native code: faster in Node, and far too large to come with everyone's install.
import { RuntimeError } from './error.ts';
import type { OrtModule } from './ort.ts';

/** The version whose numbers the tests hold against PyTorch's; onnxruntime-web's too. */
const VERSION = '1.30.0';

/** The package, by Node's own loader so that no bundler looks for it. Throws `runtime/backend` with what to install. */
export function openNative(): OrtModule {
  const modules = globalThis.process?.getBuiltinModule?.('node:module');
  if (modules === undefined) {
    throw new RuntimeError('runtime/backend', 'onnxruntime-node was asked for outside Node', {
      fix: 'Ask for webgpu or wasm, or for none to get the best there is.',
    });
  }
  const require = modules.createRequire(import.meta.url);
  try {
    return require('onnxruntime-node');
  } catch (cause) {
    throw new RuntimeError('runtime/backend', 'onnxruntime-node was asked for, but it cannot be loaded', {
      expected: `onnxruntime-node ${VERSION}`,
      found: cause instanceof Error ? cause.message.split('\n')[0]! : String(cause),
      fix: `Install it: npm install --no-save --ignore-scripts onnxruntime-node@${VERSION} (290 MB; a later npm ci removes it). Or do without --runtime node.`,
      cause,
    });
  }
}

/** Whether it is installed. */
export function hasNative(): boolean {
  try {
    openNative();
    return true;
  } catch {
    return false;
  }
}
