// How a component reaches the training page: its store, its verbs, and a part of its state.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { usePart } from '../components/studio-context.ts';
import type { Store } from '../state/store.ts';
import type { TrainingActions } from './training-actions.ts';
import type { TrainingPageAction, TrainingPageState } from './training-state.ts';

export interface TrainingParts {
  readonly store: Store<TrainingPageState, TrainingPageAction>;
  readonly actions: TrainingActions;
}

export const TrainingContext = createContext<TrainingParts | undefined>(undefined);

export function useTraining(): TrainingParts {
  const parts = useContext(TrainingContext);
  if (parts === undefined) throw new Error('a component of the training page stands outside of it');
  return parts;
}

/** The part of the page's state that `select` gives; the component is drawn again when that part changes. */
export function useTrain<Part>(select: (state: TrainingPageState) => Part): Part {
  return usePart(useTraining().store, select);
}
