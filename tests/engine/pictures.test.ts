// The golden pictures through the engine in Node: AUTOMATIC1111's prompts and seeds, k-diffusion's samplers.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionPicture } from '../../client/engine/conditioning.ts';
import { plainReader, type TextReader } from '../../client/engine/context.ts';
import { openModel } from '../../client/engine/model.ts';
import { currentPlatform } from '../../client/engine/platform.ts';
import { Sessions } from '../../client/engine/sessions.ts';
import {
  bytesSource,
  createEngine,
  type Engine,
  openSafetensors,
  relativeError,
} from '../../client/index.ts';
import { goldenJson } from '../formats/golden.ts';
import { goldenRequest, type PictureCase } from './golden-pictures.ts';

const MODEL = 'tests/golden/sd-tiny';
const cases = goldenJson<PictureCase[]>('pictures/cases.json');
const open = async (path: string) =>
  openSafetensors(bytesSource(path, await readFile(`tests/golden/${path}`)));

let engine: Engine;
let reader: TextReader;
let sessions: Sessions;

beforeAll(async () => {
  engine = await createEngine({ model: MODEL, backend: 'wasm', threads: 1 });
  const platform = await currentPlatform();
  const finding = { platform, registry: undefined, signal: undefined, onProgress: undefined };
  const model = await openModel(MODEL, finding);
  sessions = new Sessions(model, 'wasm');
  reader = plainReader(model, await sessions.textEncoder());
});

afterAll(async () => {
  await engine.close();
  await sessions.release();
});

describe('golden pictures', () => {
  it.each(cases.map((golden, i) => [i, golden.prompt.slice(0, 40), golden] as const))(
    'picture %i: %s',
    async (i, _words, golden) => {
      const expected = await open('pictures/expected.safetensors');
      const { contexts } = await conditionPicture(
        { prompt: golden.prompt, negativePrompt: golden.negative, guidance: golden.guidance, runs: 1 },
        { ...reader, clipSkip: golden.clip_skip ?? 1 },
      );
      expect(relativeError(contexts[0]!.data, (await expected.read(`${i}.context`)).data)).toBeLessThan(1e-4);

      const initLatent = expected.entries.has(`${i}.init_latent`)
        ? await expected.read(`${i}.init_latent`)
        : undefined;
      const { latents } = await engine.generate(goldenRequest(golden, MODEL, initLatent));
      const wanted = await expected.read(`${i}.latents`);
      expect(latents.shape).toEqual(wanted.shape);
      expect(relativeError(latents.data, wanted.data)).toBeLessThan(2e-3);
    },
  );
});
