// Writes a random checkpoint of about 1 GB with the shapes of the golden model, widened.
import { open } from 'node:fs/promises';
import type { TensorEntry } from '../../client/formats/entry.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';

const GOLDEN = new URL('../golden/sd-tiny/checkpoint.safetensors', import.meta.url).pathname;

/** How much wider each part is than the golden model's: as in Stable Diffusion, the UNet is nearly all of it. */
const UNET_FACTOR = 15;
const VAE_FACTOR = 3;
/** Lengths that are no widths: kernels, pictures' and latents' channels, tokens, vocabulary, training steps. */
const FIXED = new Set([1, 3, 4, 8, 77, 600, 1000]);
const CHUNK_BYTES = 2 ** 20;
/** Small enough that activations stay finite through all layers. */
const WEIGHT_RANGE = 0.02;

/** Writes the checkpoint to `path`, never holding more than a chunk of it. Gives its size in bytes. */
export async function writeRandomCheckpoint(path: string): Promise<number> {
  const golden = await openSafetensors(await fileSource(GOLDEN));
  const header: Record<string, unknown> = {};
  let size = 0;
  for (const entry of golden.entries.values()) {
    const shape = widened(entry);
    const bytes = shape.reduce((count, length) => count * length, entry.dtype === 'I64' ? 8 : 4);
    header[entry.name] = { dtype: entry.dtype, shape, data_offsets: [size, size + bytes] };
    size += bytes;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(new BigUint64Array([BigInt(text.length)]).buffer);
  const chunk = new Float32Array(CHUNK_BYTES / 4).map(() => (Math.random() - 0.5) * WEIGHT_RANGE);
  const file = await open(path, 'w');
  try {
    await file.writeFile(length);
    await file.writeFile(text);
    for (let left = size; left > 0; left -= CHUNK_BYTES) {
      await file.writeFile(new Uint8Array(chunk.buffer, 0, Math.min(left, CHUNK_BYTES)));
    }
  } finally {
    await file.close();
  }
  return length.length + text.length + size;
}

function widened({ name, shape }: TensorEntry): number[] {
  const factor = name.startsWith('first_stage_model.') ? VAE_FACTOR : UNET_FACTOR;
  return shape.map((extent) => (FIXED.has(extent) ? extent : extent * factor));
}
