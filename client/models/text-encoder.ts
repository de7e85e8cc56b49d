// The text encoder as a graph (Radford et al., 2021), OpenAI's CLIP or OpenCLIP: token ids in, context out.
import type { TensorFile } from '../formats/entry.ts';
import type { EmittedGraph } from '../onnx/graph.ts';
import type { Value } from '../onnx/value.ts';
import type { ModelConfig, TextConfig } from './architecture.ts';
import { plainAttention, queryScale } from './attention.ts';
import { TEXT_PREFIX } from './names.ts';
import { buildGraph, type Network } from './network.ts';
import { layerGate } from './steered-feeds.ts';

/** CLIP's own approximation of GELU: x · sigmoid(1.702·x). */
const QUICK_GELU_ALPHA = 1.702;

export interface TextEncoderOptions {
  /** Inputs for embeddings and for skipped layers beside the ids, see `steeredFeeds`; default false. */
  readonly steered?: boolean;
}

/**
 * Inputs: `input_ids` int32 [batch, 77], and where it is steered those of `steeredFeeds`. Output: `context` [batch, 77,
 * width], after the final layer norm. Throws ModelError when the checkpoint lacks a tensor or has it in another shape.
 */
export function buildTextEncoder(
  file: TensorFile,
  config: ModelConfig,
  options: TextEncoderOptions = {},
): EmittedGraph {
  return buildGraph('text-encoder', file, TEXT_PREFIX, (network) => textEncoder(network, config, options));
}

/** The body of `buildTextEncoder`. */
export function textEncoder(
  network: Network,
  config: ModelConfig,
  { steered = false }: TextEncoderOptions = {},
): void {
  const { graph } = network;
  const ids = graph.input('input_ids', 'int32', ['batch', config.maxTokens]);
  const looked = tokenEmbeddings(network, config, ids);
  const tokens = steered ? graph.within('embeddings', () => replaceTokens(network, looked)) : looked;
  const gate = (layer: number): Value | undefined =>
    steered && layer > 0 ? graph.input(layerGate(layer), 'float32', [1]) : undefined;
  graph.output('context', encodedText(network, config, tokens, gate));
}

/** Rows of the token table for ids [batch, 77]: [batch, 77, width]. */
export function tokenEmbeddings(network: Network, { text, contextWidth }: ModelConfig, ids: Value): Value {
  const table = network.parameter('embeddings.token_embedding.weight', [text.vocabulary, contextWidth]);
  return network.graph.within('embeddings', () => network.graph.Gather(table, ids));
}

/**
 * The encoder from the tokens' embeddings [batch, 77, width] to the context of the same shape. `gate` gives a factor [1]
 * for what a layer adds.
 */
export function encodedText(
  network: Network,
  { text, contextWidth, maxTokens }: ModelConfig,
  tokens: Value,
  gate: (layer: number) => Value | undefined = () => undefined,
): Value {
  const { graph } = network;
  const positions = network.parameter('embeddings.position_embedding.weight', [maxTokens, contextWidth]);
  const embedded = graph.within('embeddings', () => graph.Add(tokens, positions));
  const mask = causalMask(network, maxTokens);
  let x = graph.Reshape(embedded, [-1, contextWidth]);
  for (let layer = 0; layer < text.layers; layer++) {
    const factor = gate(layer);
    const gated = (y: Value): Value => (factor === undefined ? y : graph.Mul(y, factor));
    x = network.module(`encoder.layers.${layer}`, (module) => {
      const heard = selfAttention(module, module.layerNorm('layer_norm1', x), text.heads, mask);
      const seen = graph.Add(x, gated(heard));
      const thought = perceptron(module, module.layerNorm('layer_norm2', seen), text);
      return graph.Add(seen, gated(thought));
    });
  }
  const normalised = network.layerNorm('final_layer_norm', x);
  return graph.Reshape(normalised, [-1, maxTokens, contextWidth]);
}

/** Token embeddings [batch, tokens, width] with some of them replaced: an embedding's vectors are graph inputs. */
function replaceTokens({ graph }: Network, looked: Value): Value {
  const [batch, tokens, width] = looked.shape;
  const kept = graph.input('token_kept', 'float32', [batch!, tokens!, 1]);
  return graph.Add(graph.Mul(looked, kept), graph.input('replacement', 'float32', [batch!, tokens!, width!]));
}

function selfAttention(block: Network, x: Value, heads: number, mask: Value): Value {
  const { graph } = block;
  const width = x.shape[1] as number;
  const tokens = mask.shape[2] as number;
  return block.module('self_attn', (module) => {
    const project = (name: string, scale = 1): Value =>
      graph.Reshape(module.linear(name, x, width, { scale }), [-1, tokens, width]);
    // Plain: fused kernels of onnxruntime-web 1.30 are wrong with a mask on WebGPU, and this runs once a prompt.
    const q = project('q_proj', queryScale('plain', width, heads));
    const inputs = { q, k: project('k_proj'), v: project('v_proj'), heads };
    const heard = plainAttention(graph, inputs, mask);
    return module.linear('out_proj', graph.Reshape(heard, [-1, width]), width);
  });
}

function perceptron(block: Network, x: Value, { hiddenWidth, activation }: TextConfig): Value {
  return block.module('mlp', (module) => {
    const hidden = module.linear('fc1', x, hiddenWidth);
    const active =
      activation === 'gelu' ? block.graph.Gelu(hidden) : block.graph.QuickGelu(hidden, QUICK_GELU_ALPHA);
    return module.linear('fc2', active, x.shape[1] as number);
  });
}

/** A token sees itself and those before it: 0 there, and after it the lowest float32, whose exp is 0. */
function causalMask({ graph }: Network, tokens: number): Value {
  const lowest = -3.4028234663852886e38;
  const mask = Array.from({ length: tokens * tokens }, (_, i) =>
    i % tokens <= Math.floor(i / tokens) ? 0 : lowest,
  );
  return graph.floats(mask, [1, 1, tokens, tokens]);
}
