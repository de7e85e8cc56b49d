// The standard plugin's bytes, in the build that this engine runs fastest.
import { PluginError } from '../../plugins/contract/plugin-error.ts';

/** A function of f32x4.relaxed_madd on zeros: valid only where relaxed SIMD is. */
const RELAXED_SIMD_PROBE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0,
  65, 0, 253, 17, 65, 0, 253, 17, 65, 0, 253, 17, 253, 133, 2, 11,
); // biome-ignore format: bytes

/** Whether this engine has WebAssembly's relaxed SIMD. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED_SIMD_PROBE);
}

/** Where the builds lie; both are spelt out so that bundlers find them. */
function standardPluginUrl(relaxed: boolean): URL {
  return relaxed
    ? new URL('../../build/plugins/hypernetwork.relaxed.wasm', import.meta.url)
    : new URL('../../build/plugins/hypernetwork.wasm', import.meta.url);
}

/** Reads the standard plugin: from the build folder in Node, over the network in a browser. */
export async function loadStandardPlugin(): Promise<Uint8Array> {
  const url = standardPluginUrl(hasRelaxedSimd());
  if (url.protocol === 'file:') {
    // A name in a variable: bundlers for browsers must not follow it.
    const fileSystem = 'node:fs/promises';
    const { readFile } = (await import(/* @vite-ignore */ fileSystem)) as typeof import('node:fs/promises');
    return new Uint8Array(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok)
    throw new PluginError('invalid', 'the standard plugin is missing', {
      where: url.href,
      found: `HTTP ${response.status}`,
    });
  return new Uint8Array(await response.arrayBuffer());
}
