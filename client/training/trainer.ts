// Training step by step: batches in, weights and moments on the device, one loss out.
import { adamWScalars, buildAdamW, stateName } from '../autodiff/adamw.ts';
import { emitGraph } from '../onnx/emit.ts';
import { createDeviceSession } from '../runtime/create.ts';
import type { Backend, DeviceSession, DeviceTensor, Feed } from '../runtime/session.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { BatchOrder, type NoiseOptions, noisedBatch, spreadTimestep } from './batches.ts';
import { drawPrompt } from './captions.ts';
import { type Conditioning, EMBEDDING_MARK, openConditioning } from './conditioning.ts';
import { DROPOUT_SEED, SEED_LIMIT } from './dropout.ts';
import { TrainingError } from './error.ts';
import type { Example } from './examples.ts';
import { GradientSum, type Gradients } from './gradient-sum.ts';
import { checkTrainingOptions, type TrainingOptions } from './options.ts';
import { PURPOSE, randomStream } from './random.ts';
import { rateAt } from './rate.ts';
import { Rollouts } from './rollouts.ts';
import { GUIDED, INPUT, LOSS, type Trainee } from './step-graph.ts';
import { StepSessions, type TrainingModel } from './step-sessions.ts';
import type { TrainingState } from './training-state.ts';

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

/** Largest guidance of rollouts beside the model's own. */
const MORE_GUIDANCE = 1.2;

/** Trains one hypernetwork, embedding or model. Not reentrant: one call at a time. */
export class Trainer {
  readonly #job: TrainerJob;
  readonly #order: BatchOrder;
  readonly #conditioning: Conditioning;
  readonly #update: DeviceSession;
  readonly #sum: GradientSum | undefined;
  readonly #rollouts: Rollouts | undefined;
  readonly #sessions: StepSessions;
  /** Parameters, moments and averages by the update graph's input names. */
  #values: Record<string, Feed | DeviceTensor> = {};
  #step = 0;

  private constructor(job: TrainerJob, conditioning: Conditioning, update: DeviceSession, sum?: GradientSum) {
    this.#job = job;
    this.#order = new BatchOrder(job.examples, job.options.batch, job.options.seed);
    this.#sessions = new StepSessions(job.model, job.trainee, job.backend, job.options.memory);
    this.#conditioning = conditioning;
    this.#update = update;
    this.#sum = sum;
    this.#rollouts = job.options.rollouts > 0 ? rolloutsOf(job) : undefined;
    this.restore(job.start);
  }

  /** Makes the sessions that all steps share. Throws `training/option`, and what sessions throw. */
  static async create(job: TrainerJob): Promise<Trainer> {
    checkTrainingOptions(job.options);
    const { model, backend, options, start } = job;
    if (model.config.unet.inputChannels !== model.config.latentChannels) {
      throw new TrainingError('training/option', 'an inpainting checkpoint cannot be trained over', {
        expected: `${model.config.latentChannels} input channels`,
        found: String(model.config.unet.inputChannels),
        fix: 'Use the ordinary checkpoint of this model; its styles work with the inpainting one too.',
      });
    }
    const parameters = [...start.weights].map(([name, { shape }]) => ({ name, shape }));
    const averaged = options.ema !== undefined;
    const graph = emitGraph(buildAdamW(parameters, { clipping: options.clipping.kind, averaged }));
    const keep = graph.outputs.map(({ name }) => name).filter((name) => name !== 'norm');
    const update = await createDeviceSession(graph, { backend }, keep);
    const conditioning = await openConditioning(job.trainee, model, backend);
    const sums = options.accumulation > 1 || options.rollouts > 0;
    const sum = sums ? await GradientSum.create(parameters, backend) : undefined;
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
    let gradients: Gradients | undefined;
    let loss = 0;
    for (let part = 0; part < options.accumulation; part++) {
      const { outputs, kept } = await this.#gradients(part);
      loss += outputs[LOSS]!.data[0]! / options.accumulation;
      gradients = gradients === undefined ? kept : await this.#sum!.add(gradients, kept);
    }
    if (this.#rollouts !== undefined) {
      const ahead = await this.#rolledGradients(this.#rollouts);
      loss += ahead.loss;
      gradients = await this.#sum!.add(gradients!, ahead.gradients);
    }
    this.#step++;
    const scalars = adamWScalars({
      step: this.#step,
      rate,
      weightDecay: options.weightDecay,
      gradientScale: 1 / options.accumulation,
      ...(options.clipping.kind !== 'none' && { clip: options.clipping.limit }),
      ...(options.ema !== undefined && { average: options.ema }),
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

  /**
   * Mean loss of `resultWeights` over the held-back pictures at fixed timesteps, noise and prompts; undefined without any.
   */
  async validationLoss(): Promise<number | undefined> {
    const { validation, options, name } = this.#job;
    if (validation.length === 0) return undefined;
    const weights = this.#parameters(options.ema === undefined ? undefined : stateName.average);
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
        ...weights,
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
      ...(this.#job.options.ema !== undefined && { averages: await read(stateName.average) }),
      ...(this.#rollouts && { rollouts: this.#rollouts.states }),
    };
  }

  /** Goes back (or on) to a state of the same parameters. An average that it lacks begins with the weights. */
  restore({ step, weights, means, squares, averages = weights, rollouts }: TrainingState): void {
    releaseAll(this.#values);
    this.#rollouts?.restore(rollouts, step);
    this.#step = step;
    const values: Record<string, Feed> = {};
    for (const parameter of this.#job.start.weights.keys()) {
      values[parameter] = copyOf(weights.get(parameter)!);
      values[stateName.mean(parameter)] = copyOf(means.get(parameter)!);
      values[stateName.square(parameter)] = copyOf(squares.get(parameter)!);
      if (this.#job.options.ema !== undefined)
        values[stateName.average(parameter)] = copyOf(averages.get(parameter)!);
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
    return noiseOptions(this.#job);
  }

  /** What steps take as parameters: the weights, or what the update graph knows by other names. */
  #parameters(inputName = (parameter: string) => parameter): Record<string, Feed | DeviceTensor> {
    const names = [...this.#job.start.weights.keys()];
    return Object.fromEntries(names.map((name) => [name, this.#values[inputName(name)]!]));
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

  /** Loss and gradients of the states that the net has drawn so far, which then go one step on. */
  async #rolledGradients(rollouts: Rollouts): Promise<{ loss: number; gradients: Gradients }> {
    const { examples, options, trainee } = this.#job;
    const { accumulation } = options;
    const { session, recomputes } = await this.#sessions.at('rollouts', examples[0]!, 2 * options.rollouts);
    const random = randomStream(options.seed, PURPOSE.rollout, this.#step);
    const drops = trainee.kind === 'hypernetwork' && trainee.description.useDropout;
    // The update divides all gradients by the number of accumulated batches, of which this is none.
    const { outputs, kept } = await session.run({
      ...rollouts.feeds(this.#step, accumulation),
      ...(await this.#conditioning.feeds(rollouts.prompts(this.#step))),
      ...this.#parameters(),
      ...(recomputes && { [INPUT.zero]: tensor([1]) }),
      ...(drops && { [DROPOUT_SEED]: tensor([1], Float32Array.of(random.below(SEED_LIMIT))) }),
    });
    rollouts.advance(this.#step, outputs[GUIDED]!);
    return { loss: outputs[LOSS]!.data[0]! / accumulation, gradients: kept };
  }
}

function noiseOptions({ model, options }: TrainerJob): NoiseOptions {
  const { minSnr, snrFloor, sampledLatents: sampled } = options;
  return { prediction: model.config.manifest.prediction, minSnr, snrFloor, sampled };
}

/** Rollouts as the model is used: its own steps, and guidance from none to somewhat more than its own. */
function rolloutsOf(job: TrainerJob): Rollouts {
  const { options, model, trainee, name } = job;
  if (trainee.kind !== 'hypernetwork') {
    throw new TrainingError('training/option', 'only a hypernetwork can be trained with rollouts', {
      found: trainee.kind,
    });
  }
  const { steps, guidance } = model.config.manifest.defaults;
  return new Rollouts(job.examples, {
    slots: options.rollouts,
    steps,
    guidance: [1, Math.max(1, MORE_GUIDANCE * guidance)],
    noise: noiseOptions(job),
    captions: options.captions,
    name,
    seed: options.seed,
  });
}

function releaseAll(values: Readonly<Record<string, Feed | DeviceTensor>>): void {
  for (const value of Object.values(values)) if ('release' in value) value.release();
}

function copyOf({ shape, data }: Tensor): Tensor {
  return tensor(shape, data.slice());
}
