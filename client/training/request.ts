// What is asked of a training by any of its faces, and what the trainer and its data take of it.
import type { HypernetworkDescription } from '../hypernetwork/hypernetwork.ts';
import { defaultOptions } from './default-options.ts';
import { TrainingError } from './error.ts';
import type { Crop, ExampleOptions } from './examples.ts';
import type { TrainingOptions } from './options.ts';
import type { Size } from './pictures.ts';
import type { TrainingKind } from './state-file.ts';
import type { MemoryPlan, Trainee } from './step-graph.ts';

/** All of a training but the model, the pictures, and where results go. */
export interface TrainingRequest {
  readonly kind: TrainingKind;
  readonly name: string;
  readonly steps: number;
  readonly rate: string;
  readonly warmup: number;
  readonly batch: number;
  readonly accumulation: number;
  readonly clipping: TrainingOptions['clipping'];
  /** Undefined: the kind's own. */
  readonly weightDecay: number | undefined;
  readonly ema: number | undefined;
  readonly minSnr: number | undefined;
  readonly snrFloor: number | undefined;
  readonly spreadTimesteps: boolean;
  readonly rollouts: number;
  readonly seed: bigint;
  /** Undefined: the model's. */
  readonly size: Size | undefined;
  readonly buckets: boolean;
  readonly crop: Crop;
  readonly flip: boolean;
  readonly alpha: boolean;
  readonly sampled: boolean;
  /** Empty: the kind's own. */
  readonly templates: readonly string[];
  readonly shuffleTags: boolean;
  readonly tagDropout: number;
  readonly emptyShare: number;
  readonly holdBack: number;
  /** Pictures that are trained on and looked at by the validation loss too. Default 0. */
  readonly validate?: number;
  /** Undefined: by the step's size. */
  readonly memory: MemoryPlan | undefined;
  /** Of a hypernetwork; undefined: all widths of the model. */
  readonly widths: readonly number[] | undefined;
  readonly description: HypernetworkDescription;
  readonly vectors: number;
  readonly startWords: string;
}

/** The trainer's options for going on at `currentStep`. Throws `training/rate`. */
export function trainingOptions(request: TrainingRequest, currentStep: number): TrainingOptions {
  const defaults = defaultOptions(request.kind, request.steps, request.rate, currentStep);
  return {
    ...defaults,
    batch: request.batch,
    accumulation: request.accumulation,
    warmup: request.warmup,
    weightDecay: request.weightDecay ?? defaults.weightDecay,
    clipping: request.clipping,
    ema: request.ema,
    minSnr: request.minSnr,
    snrFloor: request.snrFloor,
    spreadTimesteps: request.spreadTimesteps,
    rollouts: request.rollouts,
    sampledLatents: request.sampled,
    seed: request.seed,
    memory: request.memory,
    captions: {
      templates: request.templates.length > 0 ? request.templates : defaults.captions.templates,
      shuffleTags: request.shuffleTags,
      tagDropout: request.tagDropout,
      emptyShare: request.emptyShare,
    },
  };
}

/** How pictures become examples; `modelSize` is taken where none is asked for. */
export function exampleOptions(request: TrainingRequest, modelSize: Size): ExampleOptions {
  const { size, buckets, crop, flip, alpha } = request;
  return { size: size ?? { width: modelSize.width, height: modelSize.height }, buckets, crop, flip, alpha };
}

/** The attention widths of a model that a hypernetwork can be for. */
export interface ModelWidths {
  readonly name: string;
  readonly contextWidth: number;
  readonly selfAttentionWidths: readonly number[];
}

/** What graphs are built for. Throws `training/option` for a width that the model has not. */
export function traineeOf(request: TrainingRequest, model: ModelWidths): Trainee {
  if (request.kind === 'model') return { kind: 'model' };
  if (request.kind === 'embedding') return { kind: 'embedding', vectors: request.vectors };
  const available = [...new Set([model.contextWidth, ...model.selfAttentionWidths])].sort((a, b) => a - b);
  const widths = request.widths ?? available;
  const missing = widths.filter((width) => !available.includes(width));
  if (missing.length > 0) {
    throw new TrainingError('training/option', 'the model has no attention of such a width', {
      where: model.name,
      expected: available.join(', '),
      found: missing.join(', '),
    });
  }
  return { kind: 'hypernetwork', description: request.description, widths };
}
