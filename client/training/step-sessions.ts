// The sessions of steps: made when a size of latents first comes, a few kept.
import type { TensorFile } from '../formats/entry.ts';
import type { ModelConfig } from '../models/config.ts';
import { emitGraph } from '../onnx/emit.ts';
import type { Tokenizer } from '../prompt/tokenizer.ts';
import { createDeviceSession } from '../runtime/create.ts';
import type { Backend, DeviceSession } from '../runtime/session.ts';
import { sizeKey } from './batches.ts';
import type { Example } from './examples.ts';
import { buildStepGraph, gradientName, type MemoryPlan, type Trainee } from './step-graph.ts';

/** The frozen model that is trained over. */
export interface TrainingModel {
  readonly checkpoint: TensorFile;
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
}

/** A step's session, and whether its graph wants the input `zero`. */
export interface StepSession {
  readonly session: DeviceSession;
  readonly recomputes: boolean;
}

/** `validation` gives the loss alone, without dropout; `rollouts` is guided. */
export type StepPurpose = 'training' | 'validation' | 'rollouts';

/** Sessions kept: each holds the model. */
export const SESSIONS_KEPT = 3;

/** Makes and keeps the sessions of one training. */
export class StepSessions {
  readonly #model: TrainingModel;
  readonly #trainee: Trainee;
  readonly #backend: Backend;
  readonly #memory: MemoryPlan | undefined;
  /** By purpose and size, in order of last use. */
  readonly #kept = new Map<string, StepSession>();

  constructor(model: TrainingModel, trainee: Trainee, backend: Backend, memory: MemoryPlan | undefined) {
    this.#model = model;
    this.#trainee = trainee;
    this.#backend = backend;
    this.#memory = memory;
  }

  /** The session for batches of examples like this one. */
  async at(purpose: StepPurpose, example: Example, batch: number): Promise<StepSession> {
    const key = `${purpose} ${batch} ${sizeKey(example)}`;
    const made = this.#kept.get(key) ?? (await this.#create(purpose, example, batch));
    this.#kept.delete(key);
    this.#kept.set(key, made);
    if (this.#kept.size > SESSIONS_KEPT) {
      const [oldest, dropped] = this.#kept.entries().next().value!;
      this.#kept.delete(oldest);
      await dropped.session.release();
    }
    return made;
  }

  async release(): Promise<void> {
    const all = [...this.#kept.values()];
    this.#kept.clear();
    for (const { session } of all) await session.release();
  }

  async #create(purpose: StepPurpose, example: Example, batch: number): Promise<StepSession> {
    const { checkpoint, config } = this.#model;
    const [, height, width] = example.mean.shape as [number, number, number];
    const size = { batch, height, width, tokens: config.maxTokens };
    const lossOnly = purpose === 'validation';
    const options = { memory: this.#memory, lossOnly, guided: purpose === 'rollouts' };
    const { graph, parameters, recomputes } = buildStepGraph(
      checkpoint,
      config,
      this.#trainee,
      size,
      options,
    );
    const keep = lossOnly ? [] : [...parameters.keys()].map(gradientName);
    const session = await createDeviceSession(emitGraph(graph), { backend: this.#backend }, keep);
    return { session, recomputes };
  }
}
