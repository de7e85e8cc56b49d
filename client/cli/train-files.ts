// What a save of a training writes: the result in the format that its name asks for, and the state beside it.
import { type NamedBytes, packStyle } from '../kit/pack.ts';
import { trainedCard } from '../kit/trained-card.ts';
import type { OpenTraining } from '../training/open-training.ts';
import { writeTrainingState } from '../training/state-file.ts';
import { type StyleBaseModel, styleFacts } from '../training/style-facts.ts';
import type { TrainingState } from '../training/training-state.ts';
import { writeTogether } from './output.ts';
import type { TrainRequest } from './train-request.ts';

/** What a style's card tells of. */
export interface TrainedThing {
  readonly request: TrainRequest;
  readonly model: StyleBaseModel;
  /** Pictures that are trained on; mirrored ones are not counted. */
  readonly pictures: number;
}

/** What stays the same from save to save. */
export interface TrainingJob extends TrainedThing {
  readonly training: Pick<OpenTraining, 'facts' | 'result'>;
}

/** Writes result and state together, or leaves both of the last save. Throws `cli/output`. */
export async function saveTraining(
  job: TrainingJob,
  state: TrainingState,
  previews: readonly NamedBytes[],
): Promise<void> {
  const { request, training } = job;
  await writeTogether([
    { path: request.output, bytes: await resultOf(job, state, previews) },
    { path: request.companion, bytes: writeTrainingState(state, training.facts, request.keptOptions) },
  ]);
}

/** Throws `kit/card` where the result will be a style and its card is wrong: before the training rather than after it. */
export function checkCardOfTraining(thing: TrainedThing): void {
  if (thing.request.output.endsWith('.style')) cardOf(thing, thing.request.steps);
}

function cardOf({ request, model, pictures }: TrainedThing, steps: number) {
  return trainedCard(request.card, styleFacts(request, model, pictures, steps));
}

async function resultOf(
  job: TrainingJob,
  state: TrainingState,
  previews: readonly NamedBytes[],
): Promise<Uint8Array<ArrayBuffer>> {
  const { request, training } = job;
  if (!request.output.endsWith('.style')) {
    return training.result(state, request.output.endsWith('.pt') ? 'pt' : 'safetensors');
  }
  const weights = [{ name: `${request.name}.safetensors`, bytes: training.result(state, 'safetensors') }];
  return (await packStyle({ card: cardOf(job, state.step), weights, previews })).bytes;
}
