// Embeddings in every container.
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import {
  readEmbedding,
  writeEmbeddingPt,
  writeEmbeddingSafetensors,
} from '../../client/formats/embedding.ts';
import { encodePng } from '../../client/formats/png.ts';
import { storeFloat32, writeSafetensors } from '../../client/formats/safetensors.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { widenToFloat32 } from '../../client/tensor/widen.ts';
import { goldenSource } from './golden.ts';

const read = async (path: string) => (await readEmbedding(goldenSource(`embeddings/${path}`)))!;

describe('readEmbedding', () => {
  test.each([
    'brush.pt',
    'brush-prezip.pt',
    'brush-parameter-dict.pt',
    'brush-text-chunk.png',
    'brush-strips.png',
  ])('%s', async (path) => {
    const { vectors } = await read('brush.safetensors');
    const embedding = await read(path);
    expect(embedding.vectors).toEqual(vectors);
    expect(embedding.vectors.shape).toEqual([3, 24]);
    expect(embedding.name).toBe('brush');
    expect(embedding.step).toBe(path.includes('parameter-dict') ? 3 : 1200);
  });

  test('one tensor of one axis is one vector', async () => {
    const { name, vectors } = await read('brush-diffusers.bin');
    const all = await read('brush.safetensors');
    expect([name, vectors.shape]).toEqual([undefined, [1, 24]]);
    expect([...widenToFloat32('F32', vectors.bytes)]).toEqual(
      [...widenToFloat32('F32', all.vectors.bytes)].slice(0, 24),
    );
  });

  test('there and back', async () => {
    const embedding = await read('brush.pt');
    for (const write of [writeEmbeddingPt, writeEmbeddingSafetensors]) {
      expect(await readEmbedding(bytesSource('x', write(embedding, 'stem')))).toEqual(embedding);
    }
  });

  test('sound files of other things give undefined', async () => {
    expect(await readEmbedding(goldenSource('hypernetworks/relu.pt'))).toBeUndefined();
    expect(await readEmbedding(goldenSource('sd-tiny/expected.safetensors'))).toBeUndefined();
    const plain = { width: 9, height: 4, pixels: new Uint8ClampedArray(9 * 4 * 4).fill(255) };
    // Two black columns with the same width beside them, and no embedding in it.
    for (let y = 0; y < 4; y++)
      for (const x of [3, 5]) plain.pixels.fill(0, (y * 9 + x) * 4, (y * 9 + x) * 4 + 3);
    expect(await readEmbedding(bytesSource('p.png', encodePng(plain)))).toBeUndefined();
  });

  const picture = { width: 1, height: 1, pixels: new Uint8ClampedArray(4) };
  const inPicture = (text: string) => bytesSource('p.png', encodePng(picture, { 'sd-ti-embedding': text }));
  const asText = (value: unknown) =>
    btoa(JSON.stringify({ string_to_param: { '*': { TORCHTENSOR: value } } }));

  test('a text chunk with fewer or other numbers', async () => {
    expect((await readEmbedding(inPicture(asText([[1, 2]]))))!.vectors.shape).toEqual([1, 2]);
    for (const text of [
      '%%%',
      btoa('{'),
      btoa('[]'),
      asText([]),
      asText([[1], [1, 2]]),
      asText([['a']]),
      asText('x'),
    ]) {
      await expect(readEmbedding(inPicture(text))).rejects.toMatchObject({ code: 'format/invalid' });
    }
  });

  test('shapes and values that cannot be used', async () => {
    const file = (shape: number[], value: number) => {
      const stored = storeFloat32(
        tensor(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value)),
      );
      return readEmbedding(bytesSource('e.safetensors', writeSafetensors(new Map([['emb_params', stored]]))));
    };
    await expect(file([1, 2, 3], 0)).rejects.toThrow(/e\.safetensors: the embedding is no list of vectors/);
    await expect(file([0, 3], 0)).rejects.toThrow(/no list of vectors/);
    await expect(file([1, 3], Number.NaN)).rejects.toThrow(/not finite/);
  });
});
