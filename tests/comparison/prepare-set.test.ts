// The pictures of a comparison on the golden model: held back alike for both, cut as they are trained on, bad ones named.
import { expect, test } from 'vitest';
import { prepareSet } from '../../client/comparison/prepare-set.ts';
import { encodePng } from '../../client/formats/png.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { FIRST_COMPARISON, readComparison } from '../../client/studio/comparison/comparison-form.ts';
import { sdTinyCheckpoint, sdTinyManifest } from '../models/sd-tiny.ts';

const { requests } = readComparison(FIRST_COMPARISON).wish!;

function picture(name: string, width: number, height: number) {
  const pixels = new Uint8ClampedArray(4 * width * height).map((_, i) => (i % 4 === 3 ? 255 : (i * 7) % 256));
  const bytes = encodePng({ width, height, pixels });
  return { name, caption: `words of ${name}`, size: bytes.length, read: async () => bytes };
}

test('a fifth is held back where nobody says; each picture that can be read is cut to the model’s size', async () => {
  const checkpoint = await sdTinyCheckpoint();
  const model = {
    checkpoint,
    config: readModelConfig(checkpoint, await sdTinyManifest()),
    facts: { defaults: { width: 64, height: 64 } },
  };
  const files = [
    ...['a', 'b', 'c', 'd', 'e'].map((name, i) => picture(name, 64 + i, 64)),
    picture('small', 32, 32),
  ];
  const prepare = (held: number | undefined) =>
    prepareSet(files, model, 'wasm', requests.hypernetwork, held, {});
  const { examples, validation, pictures, notices } = await prepare(undefined);
  expect([examples.length, validation.length]).toEqual([4, 1]);
  expect(pictures.map(({ caption }) => caption)).toEqual(
    ['a', 'b', 'c', 'd', 'e'].map((n) => `words of ${n}`),
  );
  expect(pictures.filter(({ heldBack }) => heldBack).map(({ caption }) => caption)).toEqual(
    validation.map(({ caption }) => caption),
  );
  for (const { picture: cut } of pictures) expect([cut.width, cut.height]).toEqual([64, 64]);
  expect(notices).toEqual([expect.stringMatching(/left out: small: the picture is too small/)]);
  expect((await prepare(0)).validation).toEqual([]);
  await expect(prepare(5)).rejects.toThrow(/leaves no picture to train on.*at most 4/s);
});
