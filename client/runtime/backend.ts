// Which backend this machine offers, and why, in words.
import { RuntimeError } from './error.ts';
import { openNative } from './native.ts';
import type { Backend } from './session.ts';

/** A backend with the reason for it, a clause for people such as `WebGPU on apple metal-3`. */
export interface BackendChoice {
  readonly backend: Backend;
  readonly reason: string;
}

/** What the choice is made of; the real one is `globalThis`. Tests give others. */
export interface Surroundings {
  readonly navigator?: { readonly gpu?: GPU };
  readonly WebAssembly: object;
  readonly process?: { readonly versions?: { readonly node?: string } };
}

/** Whether WebAssembly may be suspended while JavaScript's promises settle (JSPI). */
export function hasJspi(surroundings: Surroundings = globalThis): boolean {
  return 'Suspending' in surroundings.WebAssembly;
}

/** Whether this is Node (and not a browser's page or worker). */
export function inNode(surroundings: Surroundings = globalThis): boolean {
  return surroundings.process?.versions?.node !== undefined;
}

/**
 * WebGPU where there is an adapter and JSPI, else wasm. A wanted backend is taken as it is or refused:
 * throws `runtime/backend` with the reason when `webgpu` is wanted and missing.
 */
export async function chooseBackend(
  wanted?: Backend,
  surroundings: Surroundings = globalThis,
): Promise<BackendChoice> {
  if (wanted === 'wasm') return { backend: 'wasm', reason: 'wasm was asked for' };
  if (wanted === 'cpu') {
    openNative();
    return { backend: 'cpu', reason: 'onnxruntime-node, which was asked for' };
  }
  const webgpu = await findWebgpu(surroundings);
  if (webgpu.found) return { backend: 'webgpu', reason: `WebGPU on ${webgpu.words}` };
  if (wanted === 'webgpu') {
    throw new RuntimeError('runtime/backend', `WebGPU was asked for, but ${webgpu.words}`, {
      expected: 'webgpu',
      found: 'only wasm',
      fix: 'Ask for the backend wasm, or for none to get the best there is.',
    });
  }
  return { backend: 'wasm', reason: `wasm, because ${webgpu.words}` };
}

interface Finding {
  readonly found: boolean;
  /** The adapter, or what is missing. */
  readonly words: string;
}

async function findWebgpu(surroundings: Surroundings): Promise<Finding> {
  const missing = (words: string): Finding => ({ found: false, words });
  if (inNode(surroundings)) return missing('Node has no WebGPU');
  const gpu = surroundings.navigator?.gpu;
  if (gpu === undefined)
    return missing('this browser has no navigator.gpu here (it needs https or localhost)');
  if (!hasJspi(surroundings)) return missing('this browser has no JSPI (WebAssembly.Suspending)');
  let adapter: GPUAdapter | null;
  try {
    adapter = await gpu.requestAdapter();
  } catch (cause) {
    return missing(
      `asking for a GPU adapter failed: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
  if (adapter === null) return missing('the browser offers no GPU adapter');
  const { vendor, architecture, description } = adapter.info;
  const words = [vendor, architecture || description].filter((word) => word !== '').join(' ');
  return { found: true, words: words === '' ? 'an unnamed adapter' : words };
}
