// From a request, a model and examples to a trainer that stands where training begins or goes on.
import type { Backend } from '../runtime/session.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { TrainingError } from './error.ts';
import type { Example } from './examples.ts';
import { modelFile, startModel, untrainedTensors } from './model-weights.ts';
import { PURPOSE, randomStream } from './random.ts';
import { type ModelWidths, type TrainingRequest, traineeOf, trainingOptions } from './request.ts';
import { embeddingFile, hypernetworkFile, type ResultFormat } from './result.ts';
import { startEmbedding, startHypernetwork } from './start-weights.ts';
import { checkResumable, type SavedTraining, type TrainingFacts } from './state-file.ts';
import { EMBEDDING, type Trainee } from './step-graph.ts';
import type { TrainingModel } from './step-sessions.ts';
import { Trainer } from './trainer.ts';
import { freshState, type TrainingState } from './training-state.ts';

/** The model that is trained over, with what is told of it in results. */
export interface TrainingBase extends TrainingModel {
  readonly facts: ModelWidths & { readonly hash: string };
}

/** Examples to train on, and those that only a validation loss looks at. */
export interface SplitExamples {
  readonly examples: readonly Example[];
  readonly validation: readonly Example[];
}

export interface TrainingSetup extends SplitExamples {
  readonly request: TrainingRequest;
  readonly model: TrainingBase;
  readonly backend: Backend;
  /** What is gone on from. */
  readonly resume: SavedTraining | undefined;
}

export interface OpenTraining {
  readonly trainer: Trainer;
  readonly facts: TrainingFacts;
  /** The file of a state that other programs load. */
  result(state: TrainingState, format: ResultFormat): Uint8Array<ArrayBuffer>;
}

/**
 * Makes the trainer. Throws `training/state` for a state that does not fit the model or the request, `training/option`,
 * `training/rate`, and what sessions throw. The caller closes the trainer.
 */
export async function openTraining(setup: TrainingSetup): Promise<OpenTraining> {
  const { request, model, backend, examples, validation, resume } = setup;
  const trainee = traineeOf(request, model.facts);
  const facts: TrainingFacts = {
    kind: request.kind,
    name: request.name,
    modelHash: model.facts.hash,
    modelName: model.facts.name,
    seed: request.seed,
  };
  const fresh = await startWeights(trainee, request, model);
  if (resume !== undefined) checkResumable(resume, facts, fresh);
  const start = resume?.state ?? freshState(fresh);
  const options = trainingOptions(request, start.step);
  const trainer = await Trainer.create({
    model,
    backend,
    trainee,
    name: request.name,
    examples,
    validation,
    start,
    options,
  });
  const untrained = trainee.kind === 'model' ? await untrainedTensors(model.checkpoint, fresh) : undefined;
  const result: OpenTraining['result'] = (state, format) =>
    untrained === undefined
      ? resultFile(state, request, model, facts, format)
      : modelFile(state, model.checkpoint, untrained, facts);
  return { trainer, facts, result };
}

/** The file that a state of this request makes, which is for a hypernetwork or an embedding. */
export function resultFile(
  state: TrainingState,
  request: TrainingRequest,
  { facts: widths }: { readonly facts: ModelWidths },
  facts: TrainingFacts,
  format: ResultFormat,
): Uint8Array<ArrayBuffer> {
  const trainee = traineeOf(request, widths);
  return trainee.kind === 'hypernetwork'
    ? hypernetworkFile(state, trainee.description, trainee.widths, facts, format)
    : embeddingFile(state, facts, format);
}

async function startWeights(
  trainee: Trainee,
  { seed, vectors, startWords: words }: TrainingRequest,
  { checkpoint, config, tokenizer }: TrainingModel,
): Promise<ReadonlyMap<string, Tensor>> {
  switch (trainee.kind) {
    case 'hypernetwork':
      return startHypernetwork(trainee.description, trainee.widths, seed);
    case 'embedding':
      return new Map([[EMBEDDING, await startEmbedding(checkpoint, config, tokenizer, { words, vectors })]]);
    case 'model':
      return startModel(checkpoint, config);
  }
}

/**
 * Some of the pictures, drawn by the seed, for the validation loss: `holdBack` of them are never trained on, `validate` of
 * them are, but at noise and timesteps that training does not draw. A mirrored picture goes with its original. Throws
 * `training/data` when they are more than there are, and `training/option` when both are asked for.
 */
export function holdBack(
  all: readonly Example[],
  request: Pick<TrainingRequest, 'holdBack' | 'validate' | 'flip' | 'seed'>,
): SplitExamples {
  const { holdBack: held, validate = 0 } = request;
  const copies = request.flip ? 2 : 1;
  const count = all.length / copies;
  if (held > 0 && validate > 0) {
    throw new TrainingError(
      'training/option',
      'a validation loss on pictures both trained on and held back',
      {
        fix: 'Ask for one of them.',
      },
    );
  }
  if (held === 0 && validate === 0) return { examples: all, validation: [] };
  if (held >= count || validate > count) {
    throw new TrainingError(
      'training/data',
      held > 0 ? 'holding back leaves no picture to train on' : 'there are fewer pictures to validate on',
      { expected: `at most ${held > 0 ? count - 1 : count}`, found: String(held + validate) },
    );
  }
  const order = randomStream(request.seed, PURPOSE.start, 1).shuffled(
    Array.from({ length: count }, (_, i) => i),
  );
  const chosen = new Set(order.slice(0, held + validate));
  return {
    examples: validate > 0 ? all : all.filter((_, i) => !chosen.has(Math.floor(i / copies))),
    validation: all.filter((_, i) => chosen.has(Math.floor(i / copies)) && i % copies === 0),
  };
}
