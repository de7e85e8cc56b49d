// Previews: by a small decoder where the model has one, whole or over tiles, else by the linear map.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import type { StoredTensor } from '../../client/formats/entry.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { openSafetensors, writeSafetensors } from '../../client/formats/safetensors.ts';
import { createEngine, type Engine, type GenerateRequest, type Picture } from '../../client/index.ts';

const MODEL = 'tests/golden/sd-tiny';
const request: GenerateRequest = {
  prompt: 'red apple',
  seed: 1,
  steps: 3,
  sampler: 'Euler',
  previewEvery: 1,
};

/** Of the golden small decoder, those tensors that are its own. */
async function tinyDecoder(scale = 1) {
  const file = await openSafetensors(await fileSource('tests/golden/tiny-decoder.safetensors'));
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, offset, byteLength } of file.entries.values()) {
    if (name.startsWith('golden.')) continue;
    const bytes = await file.source.read(offset, byteLength);
    const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    tensors.set(name, { dtype, shape, bytes: new Uint8Array(values.map((value) => value * scale).buffer) });
  }
  return bytesSource('tiny.safetensors', writeSafetensors(tensors, {}));
}

const openEngine = async (previewDecoder: Awaited<ReturnType<typeof tinyDecoder>>): Promise<Engine> =>
  createEngine({
    backend: 'wasm',
    threads: 1,
    model: {
      manifest: JSON.parse(await readFile(`${MODEL}/model.json`, 'utf8')),
      checkpoint: await fileSource(`${MODEL}/checkpoint.safetensors`),
      vocab: await readFile(`${MODEL}/vocab.json`, 'utf8'),
      merges: await readFile(`${MODEL}/merges.txt`, 'utf8'),
      previewDecoder,
    },
  });

async function previewsOf(engine: Engine, more: Partial<GenerateRequest> = {}): Promise<Picture[]> {
  const seen: Picture[] = [];
  const onProgress = ({ preview }: { preview?: Picture }) => preview && seen.push(preview);
  await engine.generate({ ...request, ...more }, { onProgress });
  return seen;
}

describe('previews by a small decoder', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(await tinyDecoder());
  });
  afterAll(() => engine.close());

  it('have the picture’s own size, and come after every step but the last', async () => {
    const seen = await previewsOf(engine);
    expect(seen.map(({ width, height }) => `${width}x${height}`)).toEqual(['64x64', '64x64']);
    expect(seen[0]!.pixels).not.toEqual(seen[1]!.pixels);
    expect(await previewsOf(engine, { previewEvery: 2 })).toHaveLength(1);
  });

  it('are of the file’s weights', async () => {
    const other = await openEngine(await tinyDecoder(0));
    const [black] = await previewsOf(other);
    expect([...black!.pixels.slice(0, 4)]).toEqual([0, 0, 0, 255]);
    await other.close();
  });

  it('are drawn over tiles where the picture is larger than one', async () => {
    const [preview] = await previewsOf(engine, { steps: 2, width: 8 * 66, height: 16 });
    expect([preview!.width, preview!.height]).toEqual([528, 16]);
  });

  it('are not what the picture is drawn by', async () => {
    const plain = await createEngine({ model: MODEL, backend: 'wasm', threads: 1 });
    const [first] = await previewsOf(plain);
    expect([first!.width, first!.height]).toEqual([8, 8]);
    const [ours, theirs] = [await engine.generate(request), await plain.generate(request)];
    expect(ours.picture).toEqual(theirs.picture);
    await plain.close();
  });
});

it('a small decoder for other latents is refused when the model is opened', async () => {
  const checkpoint = await readFile(`${MODEL}/checkpoint.safetensors`);
  const wrong = bytesSource('wrong.safetensors', new Uint8Array(checkpoint));
  await expect(openEngine(wrong)).rejects.toThrow('wrong.safetensors: the file holds no small decoder');
});
