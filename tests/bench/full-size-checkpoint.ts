// Writes a random checkpoint with the sizes of Stable Diffusion 1.5: 860 M UNet, 123 M text encoder, 84 M VAE, in half precision.
import { open } from 'node:fs/promises';
import { type StreamedTensor, streamSafetensors } from '../../client/formats/safetensors-stream.ts';
import type { ModelConfig } from '../../client/models/architecture.ts';
import { decoder } from '../../client/models/decoder.ts';
import { encoder } from '../../client/models/encoder.ts';
import { type ModelManifest, parseModelManifest } from '../../client/models/manifest.ts';
import { PART_PREFIX } from '../../client/models/names.ts';
import { Network } from '../../client/models/network.ts';
import { textEncoder } from '../../client/models/text-encoder.ts';
import { unet } from '../../client/models/unet.ts';
import type { WeightOptions, Weights } from '../../client/models/weights.ts';
import { graphBuilder } from '../../client/onnx/builder.ts';
import type { Value } from '../../client/onnx/value.ts';

export const FULL_SIZE_MANIFEST: ModelManifest = parseModelManifest(
  {
    name: 'full-size',
    architecture: 'stable-diffusion-v1',
    checkpoint: 'checkpoint.safetensors',
    tokenizer: { vocab: 'vocab.json', merges: 'merges.txt' },
    attentionHeads: 8,
    textEncoderHeads: 12,
    latentScale: 0.18215,
    prediction: 'epsilon',
    defaults: { width: 512, height: 512, steps: 20, guidance: 7, sampler: 'dpmpp_2m' },
  },
  'the full-size manifest',
);

const CONFIG: ModelConfig = {
  manifest: FULL_SIZE_MANIFEST,
  contextWidth: 768,
  maxTokens: 77,
  latentChannels: 4,
  latentFactor: 8,
  pixelMultiple: 64,
  selfAttentionWidths: [320, 640, 1280],
  unet: {
    inputChannels: 4,
    modelChannels: 320,
    timeWidth: 1280,
    levels: [
      { channels: 320, resBlocks: 2, transformerDepth: 1 },
      { channels: 640, resBlocks: 2, transformerDepth: 1 },
      { channels: 1280, resBlocks: 2, transformerDepth: 1 },
      { channels: 1280, resBlocks: 2, transformerDepth: 0 },
    ],
    middleDepth: 1,
    heads: { count: 8 },
  },
  text: { vocabulary: 49_408, layers: 12, hiddenWidth: 3072, heads: 12, activation: 'quick-gelu' },
  vae: { channels: 128, levels: [128, 256, 512, 512], resBlocks: 2, embedding: 4 },
};

/** Values of one repeated run of noise. */
const RUN = 2 ** 19;
/** Convolutions of one element, which the graphs take for linear layers. */
const POINTWISE = /\.(proj_in|proj_out)\.weight$|\.attn_1\.(q|k|v)\.weight$/;

/** Writes it to `path`, never holding more than a megabyte of it. Gives its bytes, and the parameters of each part. */
export async function writeFullSizeCheckpoint(path: string) {
  const shapes = fullSizeShapes();
  const noise = Float32Array.from({ length: RUN }, () => Math.random() * 2 - 1);
  const stream = streamSafetensors([...shapes].map(([name, shape]) => random(name, shape, noise)));
  const file = await open(path, 'w');
  try {
    for await (const piece of stream.pieces()) await file.writeFile(piece);
  } finally {
    await file.close();
  }
  const parameters = Object.fromEntries(
    Object.entries(PART_PREFIX).map(([part, prefix]) => [
      part,
      [...shapes].reduce((sum, [name, shape]) => sum + (name.startsWith(`${prefix}.`) ? count(shape) : 0), 0),
    ]),
  );
  return { bytes: stream.size, parameters };
}

/** Every tensor that the four graphs ask for, with its shape: what is written is what is read. */
function fullSizeShapes(): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const record = (
    part: keyof typeof PART_PREFIX,
    body: (network: Network, config: ModelConfig) => void,
  ): void => {
    const weights = {
      precision: 'float32',
      get(name: string, shape: readonly number[], { as = shape, rows }: WeightOptions = {}): Value {
        shapes.set(name, POINTWISE.test(name) && shape.length === 2 ? [...shape, 1, 1] : shape);
        return {
          name,
          dtype: 'float32',
          shape: rows === undefined ? as : [rows[1] - rows[0], ...as.slice(1)],
        };
      },
    };
    const graph = graphBuilder(part);
    body(new Network(graph, weights as unknown as Weights, PART_PREFIX[part]), CONFIG);
  };
  record('text', textEncoder);
  record('unet', unet);
  record('vae', decoder);
  record('vae', encoder);
  return shapes;
}

/** Norms are ones and zeros; weights are scaled so that activations keep their size through all layers. */
function random(name: string, shape: readonly number[], noise: Float32Array): StreamedTensor {
  const total = count(shape);
  const fanIn = total / shape[0]!;
  const isWeight = name.endsWith('weight');
  const scale = shape.length > 1 ? Math.sqrt(3 / fanIn) : 0;
  return {
    name,
    dtype: 'F16',
    shape,
    async *pieces() {
      const length = Math.min(total, RUN);
      const run =
        shape.length > 1
          ? Float16Array.from(noise.subarray(0, length), (value) => value * scale)
          : new Float16Array(length).fill(isWeight ? 1 : 0);
      for (let left = total; left > 0; left -= RUN) {
        yield new Uint8Array(run.buffer, 0, 2 * Math.min(left, RUN)) as Uint8Array<ArrayBuffer>;
      }
    },
  };
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
