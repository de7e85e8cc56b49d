// Styles that a link to the studio names: `/?style=blueprint` or `/?style=blueprint:0.8`, several of them too.
import type { Store } from './store.ts';
import type { StudioAction, StudioState } from './studio.ts';
import type { StudioActions } from './studio-actions.ts';
import { styleNamed } from './styles.ts';

/** As many as a page of another site may switch on at once. */
export const MAX_LINKED = 8;

export interface LinkedStyle {
  readonly name: string;
  readonly strength?: number;
}

/** The styles that an address's query names, each once; what is no name of a style is left out. */
export function linkedStyles(search: string): readonly LinkedStyle[] {
  const found = new Map<string, LinkedStyle>();
  for (const text of new URLSearchParams(search).getAll('style').slice(0, MAX_LINKED)) {
    const match = /^([a-z0-9]+(?:-[a-z0-9]+)*)(?::(-?\d{1,3}(?:\.\d{1,4})?))?$/.exec(text);
    const [, name, strength] = match ?? [];
    if (name === undefined || name.length > 64) continue;
    found.set(name, { name, ...(strength === undefined ? {} : { strength: Number(strength) }) });
  }
  return [...found.values()];
}

/** Takes them from the registry into use; one that is not there becomes a notice. */
export async function takeLinked(
  linked: readonly LinkedStyle[],
  store: Store<StudioState, StudioAction>,
  actions: Pick<StudioActions, 'findStyles'>,
): Promise<void> {
  for (const { name, strength } of linked) {
    if (styleNamed(store.state().shelf, name) === undefined) await actions.findStyles(name);
    const style = styleNamed(store.state().shelf, name);
    if (style === undefined) {
      store.dispatch({
        kind: 'notice',
        notices: [`The link names the style ${name}, which is not in this registry.`],
      });
      continue;
    }
    store.dispatch({ kind: 'take', id: style.id });
    if (strength === undefined) continue;
    const { min, max } = style.strength;
    store.dispatch({ kind: 'strength', id: style.id, strength: Math.min(Math.max(strength, min), max) });
  }
}
