// Small decoders for previews, as TAESD's are: a sequence of convolutions and residual blocks, read off a file's tensors.
import type { TensorEntry, TensorFile } from '../formats/entry.ts';
import { tensorFile } from '../formats/tensor-file.ts';
import type { EmittedGraph } from '../onnx/graph.ts';
import type { Value } from '../onnx/value.ts';
import type { ModelConfig } from './architecture.ts';
import { ModelError } from './errors.ts';
import { buildGraph, channelsOf, type Network, type NetworkOptions } from './network.ts';
import { listed } from './weights.ts';

/** Under which the graph asks for the tensors. */
const PREFIX = 'preview_decoder';
/** Names before the number of a layer: none in TAESD's own files, this in diffusers' AutoencoderTiny. */
const DIFFUSERS = 'decoder.layers.';
/** Diffusers' file holds an encoder too, which no preview needs. */
const IGNORED = /^encoder\./;
const LAYER = /^(\d{1,3})\.(weight|bias|skip\.weight|conv\.[024]\.(?:weight|bias))$/;

/** Far above any; they keep a file from asking for a graph or a run without end. */
const MAX_LAYERS = 64;
const MAX_CHANNELS = 1024;

const RGB = 3;
/** A latent beyond ± this is a clamped one: 3 tanh(x / 3). */
const CLAMP = 3;

type Layer =
  | { readonly kind: 'convolution'; readonly index: number; readonly out: number; readonly hasBias: boolean }
  | { readonly kind: 'block'; readonly index: number; readonly out: number; readonly hasSkip: boolean }
  | { readonly kind: 'enlarge' };

/** A file's decoder: what it is made of, and its tensors. */
export interface TinyDecoder {
  readonly file: TensorFile;
  readonly layers: readonly Layer[];
}

/** Whether the file holds such a decoder, by its tensors' names. */
export function isTinyDecoder({ entries }: TensorFile): boolean {
  return [...entries.keys()].some((name) => /^(decoder\.layers\.)?\d{1,3}\.conv\.0\.weight$/.test(name));
}

/**
 * Reads a decoder for latents of this model. Throws ModelError: `model/unsupported` for a file that holds no such decoder or one for other
 * latents, and the errors of weights for tensors of another shape or type.
 */
export function readTinyDecoder(
  file: TensorFile,
  config: Pick<ModelConfig, 'latentChannels' | 'latentFactor'>,
): TinyDecoder {
  const where = file.source.name;
  const tensors = layerTensors(file);
  const layers = layersOf(tensors, where);
  const [first, last] = [layers[0]!, layers.at(-1)!];
  const inputs = tensors.get(`${'index' in first ? first.index : 0}.weight`)?.shape[1];
  const fail = (what: string, expected: string, found: string): ModelError =>
    new ModelError('unsupported', what, { where, expected, found });
  if (first.kind !== 'convolution' || inputs !== config.latentChannels) {
    throw fail(
      'the decoder is for other latents',
      `${config.latentChannels} channels`,
      `${inputs ?? 'none'}`,
    );
  }
  if (last.kind !== 'convolution' || last.out !== RGB) {
    throw fail('the decoder does not end in a picture', `a convolution to ${RGB} channels`, last.kind);
  }
  const factor = 2 ** layers.filter(({ kind }) => kind === 'enlarge').length;
  if (factor !== config.latentFactor) {
    throw fail('the decoder draws another size', `${config.latentFactor} pixels a latent`, `${factor}`);
  }
  const entries = new Map([...tensors].map(([name, entry]) => [`${PREFIX}.${name}`, entry]));
  const decoder = { file: tensorFile(file.source, entries, file.metadata), layers };
  // Asks for every tensor with its shape, so that a broken file is refused here.
  buildTinyDecoder(decoder, config);
  return decoder;
}

/** The decoder's tensors, named from their layer's number on. */
function layerTensors({ entries, source }: TensorFile): Map<string, TensorEntry> {
  const all = [...entries].filter(([name]) => !IGNORED.test(name));
  const isDiffusers = all.some(([name]) => name.startsWith(DIFFUSERS));
  const named = all.map(
    ([name, entry]) => [isDiffusers ? name.slice(DIFFUSERS.length) : name, entry] as const,
  );
  const strange = all.filter(
    ([name], i) => !LAYER.test(named[i]![0]) || (isDiffusers && !name.startsWith(DIFFUSERS)),
  );
  if (all.length > 0 && strange.length === 0) return new Map(named);
  throw new ModelError('unsupported', 'the file holds no small decoder', {
    where: source.name,
    expected: 'tensors such as 1.weight and 3.conv.0.weight, as taesd_decoder.safetensors has them',
    found: all.length === 0 ? 'no tensors' : listed(strange.map(([name]) => name)),
    fix: 'For Stable Diffusion 1.x and 2.x it is TAESD’s decoder, not its encoder.',
  });
}

/** Layers in order. Where a number is left out, one without tensors stands: first an activation, then always an enlargement. */
function layersOf(tensors: ReadonlyMap<string, TensorEntry>, where: string): Layer[] {
  const numbers = [...new Set([...tensors.keys()].map((name) => Number.parseInt(name, 10)))].sort(
    (a, b) => a - b,
  );
  if (numbers.length > MAX_LAYERS) {
    throw new ModelError('unsupported', 'the decoder has too many layers', {
      where,
      expected: `at most ${MAX_LAYERS}`,
      found: String(numbers.length),
    });
  }
  const layers: Layer[] = [];
  for (const [place, index] of numbers.entries()) {
    const gap = place === 0 ? 1 : index - numbers[place - 1]!;
    if (place > 1 && gap === 2) layers.push({ kind: 'enlarge' });
    const fits = place === 1 ? gap === 2 : gap === 1 || gap === 2;
    const layer = layerAt(tensors, index);
    if (!fits || layer === undefined) {
      throw new ModelError('unsupported', 'the decoder has layers that are not known', {
        where,
        expected: 'convolutions and residual blocks of at most 1024 channels, one after another',
        found: `layer ${index} after ${numbers[place - 1] ?? 'none'}`,
      });
    }
    layers.push(layer);
  }
  return layers;
}

function layerAt(tensors: ReadonlyMap<string, TensorEntry>, index: number): Layer | undefined {
  const has = (name: string): boolean => tensors.has(`${index}.${name}`);
  const channels = (name: string): number => tensors.get(`${index}.${name}`)?.shape[0] ?? 0;
  const bounded = (out: number): boolean => out >= 1 && out <= MAX_CHANNELS;
  if (has('conv.0.weight')) {
    const out = channels('conv.0.weight');
    return bounded(out) ? { kind: 'block', index, out, hasSkip: has('skip.weight') } : undefined;
  }
  const out = channels('weight');
  return bounded(out) ? { kind: 'convolution', index, out, hasBias: has('bias') } : undefined;
}

/**
 * Input: `latent` [batch, channels, height, width] as the sampler leaves it, not divided by the latent scale. Output: `image`
 * [batch, 3, factor·height, factor·width], −1 … 1. Throws ModelError.
 */
export function buildTinyDecoder(
  { file, layers }: TinyDecoder,
  { latentChannels }: Pick<ModelConfig, 'latentChannels'>,
  options: Pick<NetworkOptions, 'padding'> = {},
): EmittedGraph {
  const body = (network: Network): void => {
    const { graph } = network;
    const latent = graph.input('latent', 'float32', ['batch', latentChannels, 'height', 'width']);
    let x = graph.Mul(graph.Tanh(graph.Mul(latent, graph.scalar(1 / CLAMP))), graph.scalar(CLAMP));
    for (const [place, layer] of layers.entries()) {
      if (layer.kind === 'enlarge') x = graph.Resize(x, 2);
      else if (layer.kind === 'block') x = residualBlock(network, x, layer);
      else x = convolution(network, String(layer.index), x, { ...layer, kernel: 3 });
      if (place === 0) x = graph.Relu(x);
    }
    // 0 … 1, where the VAE's decoder has −1 … 1.
    graph.output('image', graph.Sub(graph.Mul(x, graph.scalar(2)), graph.scalar(1)));
  };
  return buildGraph('preview-decoder', file, PREFIX, body, options);
}

interface ConvolutionSize {
  readonly out: number;
  readonly kernel: 1 | 3;
  readonly hasBias: boolean;
}

function convolution(
  network: Network,
  path: string,
  x: Value,
  { out, kernel, hasBias }: ConvolutionSize,
): Value {
  const { graph } = network;
  const pad = (kernel - 1) / 2;
  return network.module(path, (module) => {
    const weight = module.parameter('weight', [out, channelsOf(x), kernel, kernel]);
    const bias = hasBias ? module.parameter('bias', [out]) : graph.floats(new Float32Array(out), [out]);
    return graph.Conv(x, weight, bias, { pads: [pad, pad, pad, pad], padding: module.padding });
  });
}

/** relu(three convolutions with activations between them + x, through a 1×1 convolution where the channels change). */
function residualBlock(
  network: Network,
  x: Value,
  { index, out, hasSkip }: { readonly index: number; readonly out: number; readonly hasSkip: boolean },
): Value {
  const { graph } = network;
  return network.module(String(index), (module) => {
    const size = { out, kernel: 3, hasBias: true } as const;
    const first = graph.Relu(convolution(module, 'conv.0', x, size));
    const second = graph.Relu(convolution(module, 'conv.2', first, size));
    const third = convolution(module, 'conv.4', second, size);
    const rest = hasSkip ? convolution(module, 'skip', x, { out, kernel: 1, hasBias: false }) : x;
    return graph.Relu(graph.Add(third, rest));
  });
}
