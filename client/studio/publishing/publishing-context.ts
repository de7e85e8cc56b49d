// How a component reaches what the publishing page holds.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { usePart } from '../components/studio-context.ts';
import type { Store } from '../state/store.ts';
import type { PublishingActions } from './publishing-actions.ts';
import type { PublishingAction, PublishingState } from './publishing-state.ts';

export interface PublishingParts {
  readonly store: Store<PublishingState, PublishingAction>;
  readonly actions: PublishingActions;
}

export const PublishingContext = createContext<PublishingParts | undefined>(undefined);

export function usePublishing(): PublishingParts {
  const parts = useContext(PublishingContext);
  if (parts === undefined) throw new Error('a component of the publishing page stands outside of it');
  return parts;
}

/** A part of the page's state; the component is drawn again when it changes. */
export function useHeld<Part>(select: (state: PublishingState) => Part): Part {
  return usePart(usePublishing().store, select);
}
