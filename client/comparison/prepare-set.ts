// The pictures of a comparison: as the trainer reads them, some held back, and as they are cut for eyes and for figures.
import type { Backend } from '../runtime/session.ts';
import {
  type EncodingModel,
  type PreparationSurroundings,
  prepareExamples,
  type TrainingPicture,
} from '../training/examples.ts';
import { holdBack, type SplitExamples } from '../training/open-training.ts';
import type { Size } from '../training/pictures.ts';
import { exampleOptions, type TrainingRequest } from '../training/request.ts';
import type { SetPicture } from './compare.ts';
import { cutPicture } from './set-pictures.ts';

export interface PreparedSet extends SplitExamples {
  readonly pictures: readonly SetPicture[];
  /** Why pictures were left out, in words. */
  readonly notices: readonly string[];
}

/** The model that is compared over. */
export interface SetModel extends EncodingModel {
  readonly facts: { readonly defaults: Size };
}

/**
 * Prepares the pictures for both trainings, which see them alike. `held` of those that can be read are held back; undefined: a
 * fifth. Throws `training/data` where none can be read or none would be left, and rejects with the signal's reason.
 */
export async function prepareSet(
  files: readonly TrainingPicture[],
  model: SetModel,
  backend: Backend,
  request: TrainingRequest,
  held: number | undefined,
  surroundings: PreparationSurroundings,
): Promise<PreparedSet> {
  const options = exampleOptions(request, model.facts.defaults);
  const { examples, notices } = await prepareExamples(files, model, backend, options, surroundings);
  const count = held ?? Math.floor(examples.length / HELD_SHARE);
  const split = holdBack(examples, { ...request, holdBack: count });
  const used = new Map(examples.map((example) => [example.name, split.validation.includes(example)]));
  const pictures: SetPicture[] = [];
  for (const file of files) {
    const heldBack = used.get(file.name);
    if (heldBack === undefined) continue;
    const picture = await cutPicture(file, options.size, options.crop, surroundings.decodeOther);
    pictures.push({ caption: file.caption, picture, heldBack });
  }
  return { ...split, pictures, notices };
}

/** One picture of so many is held back where nobody says. */
const HELD_SHARE = 5;
