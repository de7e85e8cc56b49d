// Runs in the page: the engine on the golden model, in the page's thread or in a Worker.
import { conditionPicture } from '../../../client/engine/conditioning.ts';
import { plainReader } from '../../../client/engine/context.ts';
import { openModel } from '../../../client/engine/model.ts';
import { currentPlatform } from '../../../client/engine/platform.ts';
import { Sessions } from '../../../client/engine/sessions.ts';
import {
  type Backend,
  blobSource,
  createEngine,
  createWorkerEngine,
  type Engine,
  type GenerateRequest,
  openSafetensors,
  parseParameters,
  relativeError,
} from '../../../client/index.ts';
import { openGpu } from '../../../client/runtime/gpu.ts';
import { live } from '../../../client/runtime/live.ts';
import { goldenRequest, type PictureCase } from '../../engine/golden-pictures.ts';
import { buffersAlive, watchBuffers } from './gpu-buffers.ts';

const PICTURES = '/tests/golden/pictures';
const FOLDER = '/tests/golden/sd-tiny';
const STYLES = [
  { style: `${FOLDER}/style-a.pt`, strength: 0.8 },
  { style: `${FOLDER}/style-b.pt`, strength: 0.5 },
];

export type Home = 'page' | 'worker';

let engine: Engine | undefined;

/** Opens the engine; gives the backend with its reason. */
export async function open(home: Home, backend: Backend): Promise<string> {
  const create = home === 'page' ? createEngine : createWorkerEngine;
  if (backend === 'webgpu' && home === 'page') watchBuffers();
  engine = await create({ model: FOLDER, backend });
  return `${engine.backend}: ${engine.backendReason}`;
}

async function request(): Promise<{
  wanted: (name: string) => Promise<Float32Array>;
  request: GenerateRequest;
}> {
  const blob = await (await fetch(`${FOLDER}/expected.safetensors`)).blob();
  const file = await openSafetensors(blobSource('expected.safetensors', blob));
  return {
    wanted: async (name) => (await file.read(name)).data,
    request: {
      prompt: 'a photo of a red apple, best quality',
      negativePrompt: 'blurry',
      sampler: 'ddim',
      steps: 5,
      guidance: 7.5,
      noise: await file.read('init_noise'),
    },
  };
}

/** Relative error of the final latent against the reference, without and with both styles. */
export async function latentError(styled: boolean): Promise<number> {
  const { wanted, request: golden } = await request();
  const { latents } = await engine!.generate({ ...golden, ...(styled && { styles: STYLES }) });
  return relativeError(latents.data, await wanted(styled ? 'ddim_latent_hypernetworks' : 'ddim_latent'));
}

/** Relative errors of each golden picture: of its context in this thread, and of its latents through the engine. */
export async function goldenPictures(backend: Backend): Promise<{ context: number; latents: number }[]> {
  const cases = (await (await fetch(`${PICTURES}/cases.json`)).json()) as PictureCase[];
  const blob = await (await fetch(`${PICTURES}/expected.safetensors`)).blob();
  const expected = await openSafetensors(blobSource('expected.safetensors', blob));
  const finding = {
    platform: await currentPlatform(),
    registry: undefined,
    signal: undefined,
    onProgress: undefined,
  };
  const model = await openModel(FOLDER, finding);
  const sessions = new Sessions(model, backend);
  const reader = plainReader(model, await sessions.textEncoder());
  const errors: { context: number; latents: number }[] = [];
  for (const [i, golden] of cases.entries()) {
    const { contexts } = await conditionPicture(
      { prompt: golden.prompt, negativePrompt: golden.negative, guidance: golden.guidance, runs: 1 },
      { ...reader, clipSkip: golden.clip_skip ?? 1 },
    );
    const initLatent = expected.entries.has(`${i}.init_latent`)
      ? await expected.read(`${i}.init_latent`)
      : undefined;
    const { latents } = await engine!.generate(goldenRequest(golden, FOLDER, initLatent));
    errors.push({
      context: relativeError(contexts[0]!.data, (await expected.read(`${i}.context`)).data),
      latents: relativeError(latents.data, (await expected.read(`${i}.latents`)).data),
    });
  }
  await sessions.release();
  return errors;
}

/** Draws a batch with an embedding in hand; gives what comes back of each picture. */
export async function batchWithEmbedding(): Promise<{ seeds: string[]; sizes: number[]; hashes: unknown }> {
  const file = await (await fetch('/tests/golden/embeddings/brush-strips.png')).blob();
  const { pictures, parameters } = await engine!.generate({
    prompt: 'a brush',
    seed: 2n ** 33n,
    steps: 1,
    batchSize: 2,
    embeddings: [{ name: 'brush-strips.png', file }],
  });
  return {
    seeds: pictures.map(({ seed }) => String(seed)),
    sizes: pictures.map(({ picture, png }) => picture.pixels.length + (png.length > 0 ? 0 : 1)),
    hashes: parseParameters(parameters).embeddingHashes,
  };
}

/** Aborts at the first step; gives the error's name and whether the next picture still comes. */
export async function abort(): Promise<{ name: string; next: number }> {
  const controller = new AbortController();
  const name = await engine!
    .generate(
      { prompt: 'apple', steps: 30, seed: 1 },
      { signal: controller.signal, onProgress: ({ done }) => done === 1 && controller.abort() },
    )
    .then(
      () => 'finished',
      (error: Error) => error.name,
    );
  const { picture } = await engine!.generate({ prompt: 'apple', steps: 1, seed: 1 });
  return { name, next: picture.width };
}

/** Asks for what cannot be drawn; gives what the error says of itself. */
export async function failure(): Promise<{ name: string; code: string; fix: string; message: string }> {
  try {
    await engine!.generate({ prompt: 'apple', width: 63 });
    throw new Error('the request was not refused');
  } catch (caught) {
    const { name, code, message, facts } = caught as Error & { code: string; facts: { fix: string } };
    return { name, code, message, fix: facts.fix };
  }
}

/** Draws with a style file, its parameter `amount` set; gives what the pictures say of it, and how much that moved the latent. */
export async function plugin(base64: string): Promise<{ told: unknown; moved: number; refused: string }> {
  const file = new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))]);
  const draw = (parameters: Readonly<Record<string, number>>) =>
    engine!.generate({
      prompt: 'apple',
      steps: 1,
      seed: 1,
      styles: [{ style: { name: 'tones.style', file }, parameters }],
    });
  const usual = await draw({});
  const more = await draw({ amount: 2 });
  const told = [usual, more].map(({ parameters }) => parseParameters(parameters).styleParameters);
  const refused = await draw({ curve: 1 }).then(
    () => 'drawn',
    (error: Error) => error.message,
  );
  return { told, moved: relativeError(more.latents.data, usual.latents.data), refused };
}

/** What is alive at one moment. */
export interface Alive {
  readonly sessions: number;
  readonly deviceValues: number;
  readonly buffers: number;
  readonly bytes: number;
}

function alive(): Alive {
  const { count, bytes } = buffersAlive();
  return { ...live(), buffers: count, bytes };
}

/** One row of few places: what SwiftShader can take. */
const SMALL = { prompt: 'apple', seed: 1, guidance: 1, width: 32, height: 32 } as const;

/** Draws so many pictures with and without a style, each third cancelled; what is alive after each. Of the page's own engine. */
export async function aliveAfterEach(pictures: number): Promise<Alive[]> {
  const after: Alive[] = [];
  for (let i = 0; i < pictures; i++) {
    const controller = new AbortController();
    const cancelled = i % 3 === 2;
    const styled = i % 2 === 1 && { styles: [{ style: STYLES[0]!.style, strength: i / pictures }] };
    const drawn = engine!.generate(
      { ...SMALL, steps: cancelled ? 3 : 1, seed: i, sampler: 'Euler a', ...styled },
      {
        signal: controller.signal,
        onProgress: ({ done }) => i % 3 === 2 && done === 1 && controller.abort(),
      },
    );
    await drawn.catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
    after.push(alive());
  }
  return after;
}

/** Loses the GPU at the first step, or within the second; the error, and the width of the next picture. Of the page's own engine. */
export async function loseGpu(within: boolean): Promise<{ code: string; message: string; next: number }> {
  const lose = async (): Promise<void> => (await openGpu()).device.destroy();
  const drawing = engine!.generate(
    { ...SMALL, steps: 5 },
    { onProgress: ({ done }) => done === 1 && (within ? setTimeout(lose, 50) : lose()) },
  );
  const { code, message } = await drawing.then(
    () => ({ code: 'drawn', message: '' }),
    (error: Error & { code: string }) => error,
  );
  const { picture } = await engine!.generate({ ...SMALL, steps: 1 });
  return { code, message, next: picture.width };
}

/** Frames left in the page after closing; an ended frame leaves a moment later. */
export async function close(): Promise<number> {
  await engine!.close();
  if (live().sessions !== 0 || live().deviceValues !== 0) throw new Error(JSON.stringify(live()));
  const frames = () => document.querySelectorAll('iframe').length;
  for (let waits = 0; frames() > 0 && waits < 50; waits++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return frames();
}
