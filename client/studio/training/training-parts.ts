// The one training page's store and verbs: a training, and its pictures, outlive the look at another page.
import { openKeptTraining } from '../../training/kept-training.ts';
import type { Studio } from '../components/studio-context.ts';
import { createStore } from '../state/store.ts';
import { keepProject, tellStudio } from './follow-training.ts';
import { createTrainingActions } from './training-actions.ts';
import type { TrainingParts } from './training-context.ts';
import { FIRST_TRAINING, reduceTraining } from './training-state.ts';

let parts: TrainingParts | undefined;

/** Opened at the first call, for the pages that train and that compare on the same pictures. */
export function trainingParts(studio: Studio): TrainingParts {
  parts ??= open(studio);
  return parts;
}

function open(studio: Studio): TrainingParts {
  const store = createStore(reduceTraining, FIRST_TRAINING);
  const kept = openKeptTraining();
  const actions = createTrainingActions(store, studio, kept);
  void actions.open().then(() => keepProject(store, kept));
  tellStudio(store, studio.store);
  return { store, actions };
}
