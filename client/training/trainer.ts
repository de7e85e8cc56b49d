// Training step by step: batches in, weights and moments on the device, one loss out.
import { adamWScalars, buildAdamW, stateName } from '../autodiff/adamw.ts';
import { graphBuilder } from '../onnx/builder.ts';
import { emitGraph } from '../onnx/emit.ts';
import { createDeviceSession } from '../runtime/create.ts';
import type { Backend, DeviceSession, DeviceTensor, Feed } from '../runtime/session.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { BatchOrder, noisedBatch, spreadTimestep } from './batches.ts';
import { drawPrompt } from './captions.ts';
import {
  type Conditioning,
  EMBEDDING_MARK,
  encodedConditioning,
  placedConditioning,
} from './conditioning.ts';
import { DROPOUT_SEED, SEED_LIMIT } from './dropout.ts';
import { TrainingError } from './error.ts';
import type { Example } from './examples.ts';
import { checkTrainingOptions, type TrainingOptions } from './options.ts';
import { PURPOSE, randomStream } from './random.ts';
import { rateAt } from './rate.ts';
import { gradientName, INPUT, LOSS, type Trainee } from './step-graph.ts';
import { StepSessions, type TrainingModel } from './step-sessions.ts';

/** What is trained under a name, and where it stands: parameters with AdamW's moments, all in the same order. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly means: ReadonlyMap<string, Tensor>;
  readonly squares: ReadonlyMap<string, Tensor>;
}

export interface StepReport {
  /** Steps done, this one included. */
  readonly step: number;
  readonly loss: number;
  readonly rate: number;
}

export interface TrainerJob {
  readonly model: TrainingModel;
  readonly backend: Backend;
  readonly trainee: Trainee;
  readonly name: string;
  readonly examples: readonly Example[];
  readonly validation: readonly Example[];
  readonly options: TrainingOptions;
  readonly start: TrainingState;
}

/** Timesteps at which each held-back picture is looked at. */
const VALIDATION_TIMESTEPS = [100, 300, 500, 700, 900];

/** A fresh state: moments of 0. */
export function freshState(weights: ReadonlyMap<string, Tensor>): TrainingState {
  const zeros = () => new Map([...weights].map(([name, { shape }]) => [name, tensor(shape)]));
  return { step: 0, weights, means: zeros(), squares: zeros() };
}

/** Trains one hypernetwork or embedding. Not reentrant: one call at a time. */
export class Trainer {
  readonly #job: TrainerJob;
  readonly #order: BatchOrder;
  readonly #conditioning: Conditioning;
  readonly #update: DeviceSession;
  readonly #sum: DeviceSession | undefined;
  readonly #sessions: StepSessions;
  /** Parameters and moments by the update graph's input names. */
  #values: Record<string, Feed | DeviceTensor> = {};
  #step = 0;

  private constructor(
    job: TrainerJob,
    conditioning: Conditioning,
    update: DeviceSession,
    sum?: DeviceSession,
  ) {
    this.#job = job;
    this.#order = new BatchOrder(job.examples, job.options.batch, job.options.seed);
    this.#sessions = new StepSessions(job.model, job.trainee, job.backend, job.options.memory);
    this.#conditioning = conditioning;
    this.#update = update;
    this.#sum = sum;
    this.restore(job.start);
  }

  /** Makes the sessions that all steps share. Throws `training/option`, and what sessions throw. */
  static async create(job: TrainerJob): Promise<Trainer> {
    checkTrainingOptions(job.options);
    const { model, backend, trainee, options, start } = job;
    if (model.config.unet.inputChannels !== model.config.latentChannels) {
      throw new TrainingError('training/option', 'an inpainting checkpoint cannot be trained over', {
        expected: `${model.config.latentChannels} input channels`,
        found: String(model.config.unet.inputChannels),
        fix: 'Use the ordinary checkpoint of this model; its styles work with the inpainting one too.',
      });
    }
    const parameters = [...start.weights].map(([name, { shape }]) => ({ name, shape }));
    const graph = emitGraph(buildAdamW(parameters, { clipping: options.clipping.kind }));
    const keep = graph.outputs.map(({ name }) => name).filter((name) => name !== 'norm');
    const update = await createDeviceSession(graph, { backend }, keep);
    const conditioning =
      trainee.kind === 'hypernetwork'
        ? await encodedConditioning(model.checkpoint, model.config, model.tokenizer, backend)
        : placedConditioning(model.tokenizer, trainee.vectors);
    const sum = options.accumulation > 1 ? await sumSession(parameters, backend) : undefined;
    return new Trainer(job, conditioning, update, sum);
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /** Steps at which the schedule ends. */
  get lastStep(): number {
    return this.#job.options.rates.at(-1)?.until ?? 0;
  }

  /** One step of AdamW. Undefined when the schedule is over. */
  async next(): Promise<StepReport | undefined> {
    const { options } = this.#job;
    const scheduled = rateAt(options.rates, this.#step);
    if (scheduled === undefined) return undefined;
    const rate = scheduled * Math.min(1, (this.#step + 1) / Math.max(1, options.warmup));
    let gradients: Readonly<Record<string, DeviceTensor>> | undefined;
    let loss = 0;
    for (let part = 0; part < options.accumulation; part++) {
      const { outputs, kept } = await this.#gradients(part);
      loss += outputs[LOSS]!.data[0]! / options.accumulation;
      gradients = gradients === undefined ? kept : await this.#added(gradients, kept);
    }
    this.#step++;
    const scalars = adamWScalars({
      step: this.#step,
      rate,
      weightDecay: options.weightDecay,
      gradientScale: 1 / options.accumulation,
      ...(options.clipping.kind !== 'none' && { clip: options.clipping.limit }),
    });
    const feeds = Object.entries(scalars).map(([name, value]) => [name, tensor([1], Float32Array.of(value))]);
    const { kept: next } = await this.#update.run({
      ...this.#values,
      ...gradients,
      ...Object.fromEntries(feeds),
    });
    releaseAll(gradients!);
    const before = this.#values;
    this.#values = Object.fromEntries(Object.keys(before).map((name) => [name, next[stateName.next(name)]!]));
    releaseAll(before);
    return { step: this.#step, loss, rate };
  }

  /** Mean loss over the held-back pictures at fixed timesteps, noise and prompts; undefined without any. */
  async validationLoss(): Promise<number | undefined> {
    const { validation, options, name } = this.#job;
    if (validation.length === 0) return undefined;
    let sum = 0;
    for (const [index, example] of validation.entries()) {
      const random = randomStream(options.seed, PURPOSE.validation, index);
      const captions = { ...options.captions, shuffleTags: false, tagDropout: 0, emptyShare: 0 };
      const prompt = drawPrompt(example.caption, this.#nameInPrompt(name), captions, random);
      const copies = VALIDATION_TIMESTEPS.map(() => example);
      const { session } = await this.#sessions.at('validation', example, copies.length);
      const { outputs } = await session.run({
        ...noisedBatch(copies, this.#noise, random, (copy) => VALIDATION_TIMESTEPS[copy]!),
        ...(await this.#conditioning.feeds(copies.map(() => prompt))),
        ...this.#parameters(),
      });
      sum += outputs[LOSS]!.data[0]!;
    }
    return sum / validation.length;
  }

  /** Copies everything to memory, to be saved or returned to. */
  async state(): Promise<TrainingState> {
    const read = async (inputName: (parameter: string) => string) => {
      const tensors = new Map<string, Tensor>();
      for (const parameter of this.#job.start.weights.keys()) {
        const value = this.#values[inputName(parameter)]!;
        tensors.set(parameter, 'read' in value ? await value.read() : copyOf(value as Tensor));
      }
      return tensors;
    };
    return {
      step: this.#step,
      weights: await read((parameter) => parameter),
      means: await read(stateName.mean),
      squares: await read(stateName.square),
    };
  }

  /** Goes back (or on) to a state of the same parameters. */
  restore({ step, weights, means, squares }: TrainingState): void {
    releaseAll(this.#values);
    this.#step = step;
    const values: Record<string, Feed> = {};
    for (const parameter of this.#job.start.weights.keys()) {
      values[parameter] = copyOf(weights.get(parameter)!);
      values[stateName.mean(parameter)] = copyOf(means.get(parameter)!);
      values[stateName.square(parameter)] = copyOf(squares.get(parameter)!);
    }
    this.#values = values;
  }

  async close(): Promise<void> {
    releaseAll(this.#values);
    this.#values = {};
    await this.#sessions.release();
    await this.#update.release();
    await this.#sum?.release();
    await this.#conditioning.release();
  }

  get #noise() {
    const { model, options } = this.#job;
    const { prediction } = model.config.manifest;
    const { minSnr, snrFloor, sampledLatents: sampled } = options;
    return { prediction, minSnr, snrFloor, sampled };
  }

  #parameters(): Record<string, Feed | DeviceTensor> {
    return Object.fromEntries([...this.#job.start.weights.keys()].map((name) => [name, this.#values[name]!]));
  }

  #nameInPrompt(name: string): string {
    return this.#job.trainee.kind === 'embedding' ? EMBEDDING_MARK : name;
  }

  /** Loss and gradients of one part of the coming step. */
  async #gradients(part: number) {
    const { examples, options, name, trainee } = this.#job;
    const indices = this.#order.at(this.#step * options.accumulation + part);
    const chosen = indices.map((index) => examples[index]!);
    const random = randomStream(options.seed, PURPOSE.batch, this.#step, part);
    const words = randomStream(options.seed, PURPOSE.words, this.#step, part);
    const prompts = chosen.map(({ caption }) =>
      drawPrompt(caption, this.#nameInPrompt(name), options.captions, words),
    );
    const { session, recomputes } = await this.#sessions.at('training', chosen[0]!, options.batch);
    const spread = options.spreadTimesteps
      ? (index: number) => spreadTimestep(index, options.batch, random)
      : undefined;
    const drops = trainee.kind === 'hypernetwork' && trainee.description.useDropout;
    return session.run({
      ...noisedBatch(chosen, this.#noise, random, spread),
      ...(await this.#conditioning.feeds(prompts)),
      ...this.#parameters(),
      ...(recomputes && { [INPUT.zero]: tensor([1]) }),
      ...(drops && { [DROPOUT_SEED]: tensor([1], Float32Array.of(random.below(SEED_LIMIT))) }),
    });
  }

  async #added(
    a: Readonly<Record<string, DeviceTensor>>,
    b: Readonly<Record<string, DeviceTensor>>,
  ): Promise<Readonly<Record<string, DeviceTensor>>> {
    const others = Object.fromEntries(Object.entries(b).map(([name, value]) => [`other.${name}`, value]));
    const { kept } = await this.#sum!.run({ ...a, ...others });
    releaseAll(a);
    releaseAll(b);
    return Object.fromEntries(Object.keys(a).map((name) => [name, kept[`sum.${name}`]!]));
  }
}

/** `gradient.<name>` + `other.gradient.<name>` → `sum.gradient.<name>` for every parameter. */
async function sumSession(
  parameters: readonly { readonly name: string; readonly shape: readonly number[] }[],
  backend: Backend,
): Promise<DeviceSession> {
  const graph = graphBuilder('gradient-sum');
  for (const { name, shape } of parameters) {
    const gradient = gradientName(name);
    const first = graph.input(gradient, 'float32', shape);
    graph.output(`sum.${gradient}`, graph.Add(first, graph.input(`other.${gradient}`, 'float32', shape)));
  }
  const emitted = emitGraph(graph);
  return createDeviceSession(
    emitted,
    { backend },
    emitted.outputs.map(({ name }) => name),
  );
}

function releaseAll(values: Readonly<Record<string, Feed | DeviceTensor>>): void {
  for (const value of Object.values(values)) if ('release' in value) value.release();
}

function copyOf({ shape, data }: Tensor): Tensor {
  return tensor(shape, data.slice());
}
