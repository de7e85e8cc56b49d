// Small decoders against PyTorch's numbers, told apart by their tensors, and refused where they are for other latents.
import { beforeAll, describe, expect, it } from 'vitest';
import type { TensorEntry, TensorFile } from '../../client/formats/entry.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { tensorFile } from '../../client/formats/tensor-file.ts';
import { buildTinyDecoder, isTinyDecoder, readTinyDecoder } from '../../client/models/tiny-decoder.ts';
import { relativeError } from '../../client/tensor/tensor.ts';
import { run } from './golden-graphs.ts';
import { GOLDEN_FOLDER } from './golden-model.ts';
import { sdTinyCheckpoint } from './sd-tiny.ts';

const SD = { latentChannels: 4, latentFactor: 8 };
let golden: TensorFile;

beforeAll(async () => {
  golden = await openSafetensors(await fileSource(`${GOLDEN_FOLDER}tiny-decoder.safetensors`));
});

/** The decoder's tensors under other names; undefined leaves one out. */
function renamed(rename: (name: string) => string | undefined): TensorFile {
  const entries = new Map<string, TensorEntry>();
  for (const [name, entry] of golden.entries) {
    const other = name.startsWith('golden.') ? undefined : rename(name);
    if (other !== undefined) entries.set(other, entry);
  }
  return tensorFile(golden.source, entries, {});
}

const plain = () => renamed((name) => name);
/** Diffusers leaves out the clamp, so its numbers are one less. */
const asDiffusers = (name: string): string =>
  name.replace(/^\d+/, (index) => `decoder.layers.${Number(index) - 1}`);

describe('a small decoder', () => {
  it.each([
    ['TAESD’s names', (name: string) => name],
    ['diffusers’ names', asDiffusers],
  ])('under %s gives PyTorch’s picture', async (_, rename) => {
    const file = renamed(rename);
    expect(isTinyDecoder(file)).toBe(true);
    const graph = buildTinyDecoder(readTinyDecoder(file, SD), SD);
    const image = await run(graph, { latent: await golden.read('golden.latent') });
    const wanted = await golden.read('golden.image');
    expect(image.shape).toEqual([1, 3, 24, 40]);
    const unit = image.data.map((value) => (value + 1) / 2);
    expect(relativeError(unit, wanted.data)).toBeLessThan(1e-5);
  });

  it('is found beside diffusers’ encoder, which is left alone', async () => {
    const file = plain();
    const weight = file.entries.get('1.weight')!;
    const both = new Map([...renamed(asDiffusers).entries, ['encoder.layers.0.weight', weight] as const]);
    const decoder = readTinyDecoder(tensorFile(golden.source, both, {}), SD);
    expect(decoder.layers.length).toBe(readTinyDecoder(file, SD).layers.length);
  });

  it('is told from a model', async () => {
    const checkpoint = await sdTinyCheckpoint();
    expect(isTinyDecoder(checkpoint)).toBe(false);
    expect(() => readTinyDecoder(checkpoint, SD)).toThrow(
      /holds no small decoder; expected tensors such as 1\.weight/,
    );
  });

  it.each([
    ['another size of pictures', plain, { ...SD, latentFactor: 4 }, 'expected 4 pixels a latent, found 8'],
    ['other latents', plain, { ...SD, latentChannels: 16 }, 'expected 16 channels, found 4'],
    [
      'a missing bias',
      () => renamed((name) => (name === '3.conv.2.bias' ? undefined : name)),
      SD,
      'tensors are missing',
    ],
    [
      'a missing end',
      () => renamed((name) => (name.startsWith('12.') ? undefined : name)),
      SD,
      'does not end in a picture',
    ],
    ['a gap of two', () => renamed((name) => name.replace(/^12\./, '14.')), SD, 'found layer 14 after 11'],
    [
      'a tensor of another kind',
      () => renamed((name) => name.replace(/^3\.conv\.4/, '3.norm')),
      SD,
      'found 3.norm',
    ],
  ])('with %s is refused', (_, file, config, words) => {
    expect(() => readTinyDecoder(file(), config)).toThrow(words);
  });
});
