// What room this device has for a training, as far as the browser tells.
import { openGpu } from '../runtime/gpu.ts';
import type { Backend } from '../runtime/session.ts';
import type { Room } from './fit.ts';

const GIB = 2 ** 30;
/** wasm32 addresses no more; the runtime's own code and buffers take their part of it. */
const WASM_BYTES = 3.75 * GIB;
/** What browsers tell at most, and what is assumed where they tell nothing. GiB. */
const USUAL_MEMORY = 8;
/** Share of a device's memory that one page can hope for. */
const PAGE_SHARE = 0.75;

/** The room on a backend. Throws what WebGPU throws when there is no device. */
export async function deviceRoom(backend: Backend): Promise<Room> {
  const { deviceMemory = USUAL_MEMORY } = navigator as { readonly deviceMemory?: number };
  const hoped = PAGE_SHARE * deviceMemory * GIB;
  if (backend !== 'webgpu') {
    const bytes = Math.min(WASM_BYTES, hoped);
    return { bytes, certain: bytes === WASM_BYTES, largestValue: WASM_BYTES };
  }
  const { limits } = (await openGpu()).device;
  const largestValue = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  return { bytes: hoped, certain: false, largestValue };
}
