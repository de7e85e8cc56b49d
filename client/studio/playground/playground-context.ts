// How a component reaches the playground: its store, its verbs, and a part of its state.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { usePart } from '../components/studio-context.ts';
import type { Store } from '../state/store.ts';
import type { PlaygroundActions } from './playground-actions.ts';
import type { PlaygroundAction, PlaygroundState } from './playground-state.ts';

export interface PlaygroundParts {
  readonly store: Store<PlaygroundState, PlaygroundAction>;
  readonly actions: PlaygroundActions;
}

export const PlaygroundContext = createContext<PlaygroundParts | undefined>(undefined);

export function usePlayground(): PlaygroundParts {
  const parts = useContext(PlaygroundContext);
  if (parts === undefined) throw new Error('a component of the playground stands outside of it');
  return parts;
}

/** The part of the playground's state that `select` gives; the component is drawn again when that part changes. */
export function usePlay<Part>(select: (state: PlaygroundState) => Part): Part {
  return usePart(usePlayground().store, select);
}
