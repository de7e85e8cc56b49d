// How a component reaches the studio: a part of its state, its verbs, and the library.
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { ModelShelf } from '../state/model-shelf.ts';
import type { Store } from '../state/store.ts';
import type { StudioAction, StudioState } from '../state/studio.ts';
import type { StudioActions } from '../state/studio-actions.ts';
import type { Tincture } from '../state/tincture.ts';

export interface Studio {
  readonly store: Store<StudioState, StudioAction>;
  readonly actions: StudioActions;
  readonly tincture: Tincture;
  readonly shelf: ModelShelf;
}

export const StudioContext = createContext<Studio | undefined>(undefined);

/** The studio that the page was started with. */
export function useStudio(): Studio {
  const studio = useContext(StudioContext);
  if (studio === undefined) throw new Error('a component of the studio stands outside of it');
  return studio;
}

/** The part of the studio's state that `select` gives; the component is drawn again when that part changes. */
export function useSelected<Part>(select: (state: StudioState) => Part): Part {
  return usePart(useStudio().store, select);
}

/** The same of any store. */
export function usePart<State, Action, Part>(
  store: Store<State, Action>,
  select: (state: State) => Part,
): Part {
  const [, redraw] = useState(0);
  const part = select(store.state());
  useEffect(() => {
    let seen = part;
    const look = () => {
      const now = select(store.state());
      if (Object.is(now, seen)) return;
      seen = now;
      redraw((count) => count + 1);
    };
    // What changed between drawing and this effect would be missed otherwise.
    look();
    return store.subscribe(look);
  }, [store, select, part]);
  return part;
}
