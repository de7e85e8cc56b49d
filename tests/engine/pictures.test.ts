// The golden pictures and embeddings through the engine in Node: AUTOMATIC1111's prompts and seeds, k-diffusion's samplers.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionPicture } from '../../client/engine/conditioning.ts';
import { plainReader, type TextReader } from '../../client/engine/context.ts';
import { Embeddings, type OpenEmbedding } from '../../client/engine/embeddings.ts';
import type { EmbeddingSource } from '../../client/engine/engine.ts';
import type { Finding } from '../../client/engine/find-model.ts';
import { openModel } from '../../client/engine/model.ts';
import { currentPlatform } from '../../client/engine/platform.ts';
import { Sessions } from '../../client/engine/sessions.ts';
import { storeFloat32, writeSafetensors } from '../../client/formats/safetensors.ts';
import {
  bytesSource,
  createEngine,
  type Engine,
  openSafetensors,
  parseParameters,
  relativeError,
} from '../../client/index.ts';
import { EmbeddingWords } from '../../client/prompt/embedding-words.ts';
import { goldenJson } from '../formats/golden.ts';
import { goldenRequest, type PictureCase } from './golden-pictures.ts';

const MODEL = 'tests/golden/sd-tiny';
const cases = goldenJson<PictureCase[]>('pictures/cases.json');
const open = async (path: string) =>
  openSafetensors(bytesSource(path, await readFile(`tests/golden/${path}`)));

let engine: Engine;
let reader: TextReader;
let sessions: Sessions;
let embeddings: Embeddings;

beforeAll(async () => {
  engine = await createEngine({ model: MODEL, backend: 'wasm', threads: 1 });
  const platform = await currentPlatform();
  const finding: Finding = { platform, registry: undefined, signal: undefined, onProgress: undefined };
  const model = await openModel(MODEL, finding);
  sessions = new Sessions(model, 'wasm');
  reader = plainReader(model, await sessions.textEncoder());
  embeddings = new Embeddings(finding);
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

describe('golden embeddings', () => {
  const folder = 'tests/golden/embeddings';
  const { prompt } = goldenJson<{ prompt: string }>('embeddings/case.json');
  const forever = new AbortController().signal;

  /** The contexts of a picture's two prompts. */
  async function contextsOf(sources: readonly EmbeddingSource[], positive: string, negative: string) {
    const opened = await embeddings.prepare(sources, forever);
    const words = new EmbeddingWords<OpenEmbedding>(opened, reader.model.tokenizer);
    const pair = { prompt: positive, negativePrompt: negative, guidance: 7, runs: 1 };
    return (await conditionPicture(pair, { ...reader, words })).contexts;
  }

  it.each([
    'brush.pt',
    'brush-prezip.pt',
    'brush-parameter-dict.pt',
    'brush-text-chunk.png',
    'brush-strips.png',
    'brush.safetensors',
  ])('%s stands for its word in both prompts', async (file) => {
    const wanted = (await (await open('embeddings/expected.safetensors')).read('context')).data;
    const [positive, negative] = await contextsOf([`${folder}/${file}`], prompt, prompt.toUpperCase());
    expect(relativeError(positive!.data, wanted)).toBeLessThan(1e-5);
    expect(relativeError(negative!.data, wanted)).toBeLessThan(1e-5);
  });

  it('brush-diffusers.bin holds the first vector alone, under the name that its file is given', async () => {
    const bin = bytesSource('b.bin', await readFile(`${folder}/brush-diffusers.bin`));
    const vectors = await (await open('embeddings/expected.safetensors')).read('vectors');
    const first = storeFloat32({ shape: [1, 24], data: vectors.data.slice(0, 24) });
    const file = bytesSource('f', writeSafetensors(new Map([['emb_params', first]]), {}));
    const [named] = await contextsOf([{ name: 'brush.bin', file: bin }], prompt, '');
    const [written] = await contextsOf([{ name: 'brush', file }], prompt, '');
    expect(named!.data).toEqual(written!.data);
    const [without] = await contextsOf([], prompt, '');
    expect(relativeError(named!.data, without!.data)).toBeGreaterThan(1e-2);
  });

  it('is told in the picture’s parameters where a prompt names it, and the session stays', async () => {
    const request = { prompt: 'a brush', negativePrompt: 'dark', steps: 1, seed: 1 };
    const sources = [`${folder}/brush.pt`, `${folder}/brush-prezip.pt`];
    const plain = await engine.generate(request);
    const named = await engine.generate({ ...request, embeddings: sources });
    expect(named.embeddings).toEqual(['brush']);
    expect(parseParameters(named.parameters).embeddingHashes).toEqual({
      brush: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
    expect(relativeError(named.latents.data, plain.latents.data)).toBeGreaterThan(1e-3);
    const idle = await engine.generate({ ...request, prompt: 'a cat', embeddings: sources });
    expect(idle.parameters).not.toContain('TI hashes');
  });

  it('of another width is refused where a prompt names it, and so is what is no embedding', async () => {
    const wide = storeFloat32({ shape: [1, 32], data: new Float32Array(32) });
    const file = bytesSource('wide', writeSafetensors(new Map([['emb_params', wide]]), {}));
    const draw = (prompt: string, source: EmbeddingSource) =>
      engine.generate({ prompt, steps: 1, embeddings: [source] });
    await expect(draw('a wide cat', { name: 'wide.pt', file })).rejects.toThrow(
      /embedding wide was made for another model; expected vectors of width 24, found width 32/,
    );
    await expect(draw('a cat', { name: 'wide.pt', file })).resolves.toBeDefined();
    await expect(draw('a cat', 'nowhere.pt')).rejects.toThrow(/no embedding nowhere\.pt/);
    await expect(draw('a cat', `${MODEL}/style-a.pt`)).rejects.toThrow(/holds no embedding/);
  });
});
