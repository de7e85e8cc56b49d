// The graph of a training step: batch in, loss and gradients out.

import { gradients } from '../autodiff/gradients.ts';
import { peakMemory } from '../autodiff/peak-memory.ts';
import { cheapRecomputation, segmentRecomputation } from '../autodiff/recompute.ts';
import type { TensorFile } from '../formats/entry.ts';
import type { HypernetworkDescription } from '../hypernetwork/hypernetwork.ts';
import type { ModelConfig } from '../models/config.ts';
import { TEXT_PREFIX, UNET_PREFIX } from '../models/names.ts';
import { Network } from '../models/network.ts';
import { encodedText, tokenEmbeddings } from '../models/text-encoder.ts';
import { noisePrediction } from '../models/unet.ts';
import { Weights } from '../models/weights.ts';
import { type GraphBuilder, graphBuilder } from '../onnx/builder.ts';
import type { Value } from '../onnx/value.ts';
import { HypernetworkLayers } from './hypernetwork-layers.ts';

/** Sizes of one step's batch; a graph is built for them. */
export interface BatchSize {
  readonly batch: number;
  /** Of the latents. */
  readonly height: number;
  readonly width: number;
  readonly tokens: number;
}

/** `kept`: all that the backward pass needs is kept. `cheap` and `segments`: see client/autodiff. */
export type MemoryPlan = 'kept' | 'cheap' | 'segments';

/** Steps that need no more than this on paper keep everything, which is fastest; larger ones go by segments. */
const KEPT_LIMIT_BYTES = 2 ** 30;

/** What is trained, as far as graphs are concerned. */
export type Trainee =
  | {
      readonly kind: 'hypernetwork';
      readonly description: HypernetworkDescription;
      readonly widths: readonly number[];
    }
  | { readonly kind: 'embedding'; readonly vectors: number }
  /** The UNet and the text encoder, all of their weights. */
  | { readonly kind: 'model' };

export interface StepGraphOptions {
  /** Default: by the step's size. */
  readonly memory?: MemoryPlan | undefined;
  /** The loss alone, for validation. Default false. */
  readonly lossOnly?: boolean;
  /** For rollouts: the batch is two halves of the same states, without words and with them. Default false. */
  readonly guided?: boolean;
}

/** Input names that are the same for all trainees. */
export const INPUT = {
  sample: 'sample', timestep: 'timestep', target: 'target', lossWeight: 'loss_weight', context: 'context',
  tokens: 'input_ids', placement: 'placement', zero: 'zero', guidance: 'guidance',
} as const; // biome-ignore format: a table
export const LOSS = 'loss';
/** The guided prediction, an output of guided graphs. */
export const GUIDED = 'guided';
export const EMBEDDING = 'embedding';

/** The output that holds a parameter's gradient. */
export function gradientName(parameter: string): string {
  return `gradient.${parameter}`;
}

export interface StepGraph {
  readonly graph: GraphBuilder;
  /** Inputs that are trained, by name. */
  readonly parameters: ReadonlyMap<string, Value>;
  /** How many of the graph's nodes are the forward pass: the first ones. */
  readonly forwardNodes: number;
  /** Whether the graph has the input `zero`. */
  readonly recomputes: boolean;
}

/**
 * Inputs: `sample`, `target` [batch, 4, height, width]; `timestep` [batch]; `loss_weight` [batch, 1, height, width];
 * for a hypernetwork `context` [batch, tokens, width], else `input_ids` int32 [batch, 77], for an embedding `placement`
 * [batch·77, vectors], whose rows are one-hot where a vector stands and else 0; the parameters, those of a model under
 * the checkpoint's names; `zero` [1], fed 0,
 * when something is recomputed; `dropout_seed` [1] with dropout. Outputs: `loss` [1], the mean of
 * weight · (prediction − target)², and `gradient.<parameter>`. A guided graph's target and weight are of half the batch,
 * it has the input `guidance` [batch, 1, 1, 1], 1 − g in the first half and g in the second, and the output `guided`.
 */
export function buildStepGraph(
  file: TensorFile,
  config: ModelConfig,
  trainee: Trainee,
  size: BatchSize,
  { memory, lossOnly = false, guided = false }: StepGraphOptions = {},
): StepGraph {
  const built = (plan: MemoryPlan) => build(file, config, trainee, size, { memory: plan, lossOnly, guided });
  if (memory !== undefined || lossOnly) return built(memory ?? 'kept');
  const keeping = built('kept');
  return peakMemory(keeping.graph).peak <= KEPT_LIMIT_BYTES ? keeping : built('segments');
}

function build(
  file: TensorFile,
  config: ModelConfig,
  trainee: Trainee,
  size: BatchSize,
  { memory, lossOnly, guided }: Required<StepGraphOptions> & { readonly memory: MemoryPlan },
): StepGraph {
  const graph = graphBuilder(lossOnly ? 'validation-step' : 'training-step');
  const weights = new Weights(graph, file, 'float32', trainee.kind === 'model');
  const network = new Network(graph, weights, UNET_PREFIX);
  const { batch, height, width } = size;
  const latent = [batch, config.latentChannels, height, width];
  const sample = graph.input(INPUT.sample, 'float32', latent);
  const timestep = graph.input(INPUT.timestep, 'float32', [batch]);
  const asked = guided ? batch / 2 : batch;
  const target = graph.input(INPUT.target, 'float32', [asked, ...latent.slice(1)]);
  const lossWeight = graph.input(INPUT.lossWeight, 'float32', [asked, 1, height, width]);
  const { parameters, contextK, contextV, styles } = lowerTrainee(network, config, trainee, size, !lossOnly);
  const ofRows = noisePrediction(
    network,
    config,
    { sample, timestep, contextK, contextV },
    { attention: 'plain', styles },
  );
  const predicted = guided ? guidedPrediction(graph, ofRows) : ofRows;
  const loss = graph.within('loss', () => {
    const difference = graph.Sub(predicted, target);
    const weighted = graph.Mul(graph.Mul(difference, difference), lossWeight);
    return graph.Reshape(graph.ReduceMean(weighted), [1]);
  });
  network.weights.requireAll();
  graph.output(LOSS, loss);
  if (guided) graph.output(GUIDED, predicted);
  const forwardNodes = graph.nodes.length;
  if (!lossOnly) {
    const found = gradients(graph, loss, [...parameters.values()], recomputation(graph, memory));
    for (const [index, name] of [...parameters.keys()].entries())
      graph.output(gradientName(name), found[index]!);
  }
  return { graph, parameters, forwardNodes, recomputes: !lossOnly && memory !== 'kept' };
}

/** (1 − g) · without words + g · with words (Ho & Salimans, 2022), from rows weighed by the input `guidance`. */
function guidedPrediction(graph: GraphBuilder, rows: Value): Value {
  const [batch, ...rest] = rows.shape as number[];
  const weights = graph.input(INPUT.guidance, 'float32', [batch!, 1, 1, 1]);
  return graph.within('guidance', () => {
    const halves = graph.Reshape(graph.Mul(rows, weights), [2, batch! / 2, ...rest]);
    return graph.Reshape(graph.ReduceSum(halves, [0]), [batch! / 2, ...rest]);
  });
}

function recomputation(graph: GraphBuilder, memory: MemoryPlan) {
  if (memory === 'kept') return {};
  const zero = graph.input(INPUT.zero, 'float32', [1]);
  const recompute = memory === 'cheap' ? cheapRecomputation(graph, zero) : segmentRecomputation(zero);
  return { recompute };
}

/** The trainee's inputs, and what the UNet reads of it. */
function lowerTrainee(
  network: Network,
  config: ModelConfig,
  trainee: Trainee,
  { batch, tokens }: BatchSize,
  dropout: boolean,
) {
  const { graph } = network;
  if (trainee.kind === 'hypernetwork') {
    const context = graph.input(INPUT.context, 'float32', [batch, tokens, config.contextWidth]);
    const styles = new HypernetworkLayers(graph, trainee.description, trainee.widths, dropout);
    const [contextK, contextV] = styles.bendContext(context);
    return { parameters: styles.parameters, contextK, contextV, styles };
  }
  const text = new Network(graph, network.weights, TEXT_PREFIX);
  const ids = graph.input(INPUT.tokens, 'int32', [batch, config.maxTokens]);
  if (trainee.kind === 'model') {
    const context = graph.within('text', () => encodedText(text, config, tokenEmbeddings(text, config, ids)));
    return { parameters: network.weights.inputs, contextK: context, contextV: context, styles: undefined };
  }
  const placement = graph.input(INPUT.placement, 'float32', [batch * config.maxTokens, trainee.vectors]);
  const embedding = graph.input(EMBEDDING, 'float32', [trainee.vectors, config.contextWidth]);
  const context = graph.within('text', () => {
    const words = tokenEmbeddings(text, config, ids);
    const shape = [batch, config.maxTokens, config.contextWidth];
    const free = graph.Sub(graph.scalar(1), graph.ReduceSum(placement, [1]));
    const others = graph.Mul(words, graph.Reshape(free, [batch, config.maxTokens, 1]));
    const placed = graph.Reshape(graph.Gemm(placement, embedding), shape);
    return encodedText(text, config, graph.Add(others, placed));
  });
  const parameters = new Map([[EMBEDDING, embedding]]);
  return { parameters, contextK: context, contextV: context, styles: undefined };
}
