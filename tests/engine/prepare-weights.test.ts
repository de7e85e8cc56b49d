// Copies of weights that graphs cannot use as they lie: exact, in pieces, kept, and whole or not there at all.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prepareWeights } from '../../client/engine/prepare-weights.ts';
import type { WorkingFiles } from '../../client/engine/working-files.ts';
import { folderWorkingFiles } from '../../client/engine/working-files-node.ts';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import type { StoredTensor, TensorFile } from '../../client/formats/entry.ts';
import { openTensorFile } from '../../client/formats/open-tensors.ts';
import { openSafetensors, writeSafetensors } from '../../client/formats/safetensors.ts';
import { assembleCheckpoint } from '../../client/models/checkpoint.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { dict, pickle, string, tensorCode } from '../formats/torch-builder.ts';
import { errorOf, noisePrediction } from '../models/golden-graphs.ts';
import { openGoldenModel } from '../models/golden-model.ts';
import { changedCheckpoint } from '../models/sd-tiny.ts';

const SHA256 = 'ab'.repeat(32);
const NAME = 'model.diffusion_model.out.2.weight';
/** Small enough that the golden model counts as large. */
const LARGE = { foldedBytes: 1000, memoryBytes: 1000 };
let folder: string;
let files: WorkingFiles;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tincture-working-'));
  files = folderWorkingFiles(folder);
});
afterEach(() => rm(folder, { recursive: true }));

/** Every float tensor's upper halves: bfloat16, and the float32 that it stands for. */
function truncated({ shape, bytes }: StoredTensor): { bfloat: StoredTensor; single: StoredTensor } {
  const bits = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const upper = Uint16Array.from(bits, (value) => value >>> 16);
  const whole = Uint32Array.from(bits, (value) => value & 0xffff0000);
  return {
    bfloat: { dtype: 'BF16', shape, bytes: new Uint8Array(upper.buffer) },
    single: { dtype: 'F32', shape, bytes: new Uint8Array(whole.buffer) },
  };
}

function half({ shape, bytes }: StoredTensor): StoredTensor {
  const narrow = Float16Array.from(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4));
  return { dtype: 'F16', shape, bytes: new Uint8Array(narrow.buffer) };
}

async function changedAll(change: (stored: StoredTensor) => StoredTensor) {
  return changedCheckpoint((tensors) => {
    for (const [name, stored] of tensors) if (stored.dtype === 'F32') tensors.set(name, change(stored));
  });
}

test('bfloat16 widens exactly, in memory where it is small and on disk where it is not', async () => {
  const model = await openGoldenModel('sd-tiny');
  const bfloat = await changedAll((stored) => truncated(stored).bfloat);
  expect(readModelConfig(bfloat, model.config.manifest)).toEqual(model.config);
  const wanted = await noisePrediction(
    model,
    'plain',
    [],
    await changedAll((stored) => truncated(stored).single),
  );
  for (const limits of [undefined, LARGE]) {
    const prepared = await prepareWeights(bfloat, {
      sha256: SHA256,
      halfUnet: false,
      files,
      ...(limits && { limits }),
    });
    const found = await noisePrediction(model, 'plain', [], prepared);
    expect(found.data).toEqual(wanted.data);
    expect(await readdir(folder)).toHaveLength(limits === undefined ? 0 : 1);
  }
});

describe('half precision', () => {
  test('stays where it is small, or where the device computes in it; else it is copied once, for the UNet alone', async () => {
    const checkpoint = await changedAll(half);
    const seen: number[] = [];
    const options = {
      sha256: SHA256,
      files,
      onProgress: ({ done }: { done?: number }) => void seen.push(done!),
    };
    expect(await prepareWeights(checkpoint, { ...options, halfUnet: false })).toBe(checkpoint);

    // Above the UNet's two million halves, below them: only it is copied.
    const limits = { foldedBytes: 2_000_000, memoryBytes: 1000 };
    expect(await prepareWeights(checkpoint, { ...options, halfUnet: true, limits })).toBe(checkpoint);
    const prepared = await prepareWeights(checkpoint, { ...options, halfUnet: false, limits });
    expect(prepared.entries.get(NAME)).toMatchObject({ dtype: 'F32' });
    const vae = 'first_stage_model.decoder.conv_in.weight';
    expect(prepared.entries.get(vae)).toBe(checkpoint.entries.get(vae));
    expect(await prepared.read(NAME)).toEqual(await checkpoint.read(NAME));
    const [key] = await readdir(folder);
    expect(key).toMatch(new RegExp(`^${SHA256}-[0-9a-f]{16}$`));
    expect(seen.length).toBeGreaterThan(100);

    seen.length = 0;
    const again = await prepareWeights(checkpoint, { ...options, halfUnet: false, limits });
    expect(await again.read(NAME)).toEqual(await checkpoint.read(NAME));
    expect(seen).toEqual([]);
    // Another file under the same digest's name is another copy: what is copied counts, not only whose it is.
    await prepareWeights(await changedAll((stored) => (stored.shape.length > 1 ? half(stored) : stored)), {
      ...options,
      halfUnet: false,
      limits,
    });
    expect(await readdir(folder)).toHaveLength(2);
  });

  test('stopping leaves nothing behind, and neither does a full disk', async () => {
    const checkpoint = await changedAll(half);
    const abort = new AbortController();
    const stopped = prepareWeights(checkpoint, {
      sha256: SHA256,
      halfUnet: false,
      files,
      limits: LARGE,
      signal: abort.signal,
      onProgress: () => abort.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
    expect(await readdir(folder)).toEqual([]);

    const full = files.write('key', 8, failing(Object.assign(new Error('no space'), { code: 'ENOSPC' })));
    await expect(full).rejects.toMatchObject({ code: 'cache/quota' });
    expect(await readdir(folder)).toEqual([]);
  });
});

async function* failing(error: Error): AsyncIterable<Uint8Array<ArrayBuffer>> {
  yield new Uint8Array(4);
  throw error;
}

/** A pickled checkpoint of one tensor, [2, 3] whose columns lie one after another. */
function columns(level: 0 | 9): Uint8Array<ArrayBuffer> {
  const strided = tensorCode({ elements: 6, shape: [2, 3], strides: [1, 2] });
  return zipSync(
    {
      'a/data.pkl': pickle(dict([string(NAME), strided])),
      'a/data/0': new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer),
    },
    { level },
  );
}

test.each([
  ['stored', 0],
  ['deflated', 9],
] as const)('a tensor with strides in a %s archive is put in order', async (_, level) => {
  const file: TensorFile = await openTensorFile(bytesSource('a.ckpt', columns(level)));
  const prepared = await prepareWeights(assembleCheckpoint([file]), {
    sha256: SHA256,
    halfUnet: false,
    files,
  });
  const entry = prepared.entries.get(NAME)!;
  expect(entry).toMatchObject({ dtype: 'F32', shape: [2, 3], byteLength: 24 });
  expect(entry.strides).toBeUndefined();
  expect([...(await prepared.read(NAME)).data]).toEqual([1, 3, 5, 2, 4, 6]);
});

test('a tensor that nothing here widens is left for the graphs to refuse', async () => {
  const bytes = writeSafetensors(new Map([[NAME, { dtype: 'I8', shape: [2], bytes: new Uint8Array(2) }]]));
  const file = assembleCheckpoint([await openSafetensors(bytesSource('odd.safetensors', bytes))]);
  expect(await prepareWeights(file, { sha256: SHA256, halfUnet: false, files })).toBe(file);
});

test('the golden numbers hold for bfloat16 as far as it goes', async () => {
  const model = await openGoldenModel('sd-tiny');
  const bfloat = await changedAll((stored) => truncated(stored).bfloat);
  const prepared = await prepareWeights(bfloat, { sha256: SHA256, halfUnet: false, files });
  const found = await noisePrediction(model, 'plain', [], prepared);
  expect(await errorOf(model, found, 'noise_pred')).toBeLessThan(3e-2);
});
