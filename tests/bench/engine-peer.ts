// The engine's peer: its UNet session called bare in a loop, on the very inputs of a picture's steps.
import { readFileSync } from 'node:fs';
import { buildTextEncoder } from '../../client/models/text-encoder.ts';
import { buildUnet } from '../../client/models/unet.ts';
import { chunkPrompt } from '../../client/prompt/chunks.ts';
import { EmbeddingWords } from '../../client/prompt/embedding-words.ts';
import { createTokenizer, type Tokenizer } from '../../client/prompt/tokenizer.ts';
import { createSession } from '../../client/runtime/create.ts';
import { externalFiles } from '../../client/runtime/external.ts';
import { toOrt, toTensors } from '../../client/runtime/feeds.ts';
import { loadRuntime } from '../../client/runtime/ort.ts';
import { PLAIN_MATH } from '../../client/sampling/latent.ts';
import { pictureNoise } from '../../client/sampling/noise.ts';
import { sample } from '../../client/sampling/sample.ts';
import { type Tensor, tensor } from '../../client/tensor/tensor.ts';
import { between, MODEL_FOLDER, type Moment, now, type OpenedModel } from './engine-model.ts';

export interface PeerRequest {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly seed: number;
  readonly steps: number;
  readonly guidance: number;
}

export interface BarePeer {
  /** Runs the session on the inputs of each step, one after another, and times all but the first. */
  timeSteps(): Promise<Moment[]>;
  release(): Promise<void>;
}

/**
 * Makes the session as the engine makes its own, and takes down what its steps are fed. Made-up inputs would not do: how
 * long a step takes depends on them, for example on how many subnormal numbers attention's softmax gives.
 */
export async function barePeer(
  { engine, checkpoint, config }: OpenedModel,
  request: PeerRequest,
): Promise<BarePeer> {
  const { ort, build } = await loadRuntime();
  const graph = buildUnet(checkpoint, config);
  const session = await ort.InferenceSession.create(graph.bytes, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
    externalData: await externalFiles(graph, build),
    logSeverityLevel: 4,
  });
  const { width, height } = engine.model.defaults;
  const latent = [config.latentChannels, height / config.latentFactor, width / config.latentFactor];
  const context = await encode(checkpoint, config, [request.prompt, request.negativePrompt]);
  const feeds: ReturnType<typeof toOrt>[] = [];
  const draw = pictureNoise(
    [BigInt(request.seed)],
    latent.reduce((count, length) => count * length, 1),
  );
  await sample({
    math: PLAIN_MATH,
    sampler: 'euler',
    steps: request.steps,
    guidance: request.guidance,
    prediction: config.manifest.prediction,
    noise: draw(),
    draw,
    unet: async (rows, timestep) => {
      const step = toOrt(ort, {
        sample: tensor([2, ...latent], PLAIN_MATH.repeat(rows, 2)),
        timestep: tensor([2], Float32Array.of(timestep, timestep)),
        context_k: context,
        context_v: context,
      });
      feeds.push(step);
      const { noise_pred } = await toTensors(await session.run(step));
      return PLAIN_MATH.split(noise_pred!.data, 2);
    },
  });
  return {
    async timeSteps() {
      const ends = [now()];
      for (const step of feeds) {
        await session.run(step);
        ends.push(now());
      }
      return between(ends).slice(1);
    },
    release: () => session.release(),
  };
}

/** Contexts of the texts, a row each. */
async function encode(
  checkpoint: OpenedModel['checkpoint'],
  config: OpenedModel['config'],
  texts: readonly string[],
): Promise<Tensor> {
  const read = (name: string) => readFileSync(`${MODEL_FOLDER}/${name}`, 'utf8');
  const { vocab, merges } = config.manifest.tokenizer;
  const tokenizer = createTokenizer(read(vocab), read(merges));
  const encoder = await createSession(buildTextEncoder(checkpoint, config), { backend: 'wasm' });
  const ids = new Int32Array(texts.length * config.maxTokens);
  for (const [row, text] of texts.entries()) ids.set(windowOf(text, tokenizer), row * config.maxTokens);
  const { context } = await encoder.run({
    input_ids: { shape: [texts.length, config.maxTokens], data: ids },
  });
  await encoder.release();
  return context!;
}

/** The ids of a text's one chunk, [77]. */
function windowOf(text: string, tokenizer: Tokenizer): Int32Array {
  const words = new EmbeddingWords([], tokenizer);
  return chunkPrompt(text, { ...tokenizer, padding: tokenizer.end }, words)[0]!.ids;
}
