// Whether a device has room for a training, on paper: told from the model's shapes before anything is made.
import { peakMemory } from '../autodiff/peak-memory.ts';
import { TEXT_PREFIX } from '../models/names.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import { WINDOW_TOKENS } from '../prompt/tokenizer.ts';
import { elementCount } from '../tensor/tensor.ts';
import type { TrainingBase } from './open-training.ts';
import type { Size } from './pictures.ts';
import { type TrainingRequest, traineeOf } from './request.ts';
import { buildStepGraph, type MemoryPlan } from './step-graph.ts';
import { SESSIONS_KEPT } from './step-sessions.ts';

/** What a device has. */
export interface Room {
  /** Bytes for weights and values together. */
  readonly bytes: number;
  /** Whether no more than that can be there; else it is only what the browser tells. */
  readonly certain: boolean;
  /** Bytes of the largest single value. */
  readonly largestValue: number;
}

/** What one training needs. */
export interface Need {
  readonly size: Size;
  readonly memory: MemoryPlan;
  /** Of weights and values together, on paper. */
  readonly bytes: number;
  readonly largestValue: number;
}

export interface Assessment {
  /** At the size that was asked for, with the fastest plan that fits. */
  readonly need: Need;
  readonly room: Room;
  /** `unknown`: more than the browser tells of, which may still be there. */
  readonly verdict: 'fits' | 'unknown' | 'too-large';
  /** The largest size of that shape which fits, up to twice what was asked for; undefined where none does. */
  readonly largest: Size | undefined;
}

/** From the fastest to the one that needs least; see client/autodiff. */
const PLANS: readonly MemoryPlan[] = ['kept', 'cheap', 'segments'];
/** Parameters, their two moments, gradients, and the three that AdamW gives. */
const COPIES_OF_PARAMETERS = 7;
/** A running average and the next. */
const COPIES_OF_AVERAGE = 2;
/** Sizes that are looked at are this many pixels apart, or the model's own multiple. */
const SIZE_STEP = 64;

/** Looks whether the training fits. Throws `training/option` for an impossible request. */
export function assess(model: TrainingBase, request: TrainingRequest, asked: Size, room: Room): Assessment {
  const plans = request.memory === undefined ? PLANS : [request.memory];
  let need: Need | undefined;
  for (const memory of plans) {
    need = needOf(model, request, asked, memory);
    if (fits(need, room)) break;
  }
  const possible = fits(need!, room);
  const hopeless = need!.largestValue > room.largestValue || (room.certain && need!.bytes > room.bytes);
  return {
    need: need!,
    room,
    verdict: possible ? 'fits' : hopeless ? 'too-large' : 'unknown',
    largest: largestSize(asked, model.config.pixelMultiple, possible, (size) =>
      fits(needOf(model, request, size, plans.at(-1)!), room),
    ),
  };
}

function fits(need: Need, room: Room): boolean {
  return need.bytes <= room.bytes && need.largestValue <= room.largestValue;
}

/** Memory grows with the size, so the border is found by halving. */
function largestSize(
  asked: Size,
  multiple: number,
  askedFits: boolean,
  possible: (size: Size) => boolean,
): Size | undefined {
  const step = multiple * Math.ceil(SIZE_STEP / multiple);
  const longest = Math.max(asked.width, asked.height);
  const sized = (count: number): Size => {
    const side = (pixels: number) =>
      Math.max(step, Math.round((pixels * count * step) / longest / step) * step);
    return { width: side(asked.width), height: side(asked.height) };
  };
  let low = askedFits ? Math.floor(longest / step) : 0;
  let high = Math.ceil((askedFits ? 2 * longest : longest) / step) + 1;
  let found = askedFits ? asked : undefined;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (possible(sized(middle))) {
      low = middle;
      found = sized(middle);
    } else high = middle;
  }
  return found;
}

function needOf(model: TrainingBase, request: TrainingRequest, size: Size, memory: MemoryPlan): Need {
  const { config, checkpoint, facts } = model;
  const batch = {
    batch: request.batch,
    height: size.height / config.latentFactor,
    width: size.width / config.latentFactor,
    tokens: WINDOW_TOKENS + 2,
  };
  const { graph, parameters } = buildStepGraph(checkpoint, config, traineeOf(request, facts), batch, {
    memory,
  });
  const trained = [...parameters.values()].reduce(
    (sum, { shape }) => sum + 4 * elementCount(shape as number[]),
    0,
  );
  // Each session holds the model; the text encoder is one of its own where its result is all that is wanted.
  const others = request.buckets ? SESSIONS_KEPT : request.holdBack > 0 ? 2 : 1;
  let text = 0;
  if (request.kind === 'hypernetwork') {
    for (const [name, { shape }] of checkpoint.entries) {
      if (name.startsWith(`${TEXT_PREFIX}.`)) text += 4 * elementCount(shape);
    }
  }
  const { peak, largest } = peakMemory(graph);
  const copies = COPIES_OF_PARAMETERS + (request.ema === undefined ? 0 : COPIES_OF_AVERAGE);
  return {
    size,
    memory,
    bytes: peak + copies * trained + others * weightsOf(graph) + text,
    largestValue: largest,
  };
}

/** Bytes of a graph's constants; halves are widened. */
function weightsOf(graph: GraphBuilder): number {
  let bytes = 0;
  for (const { value } of graph.initializers) bytes += 4 * elementCount(value.shape as number[]);
  return bytes;
}
