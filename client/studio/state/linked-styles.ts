// Styles and embeddings that a link to the studio names: `/?style=blueprint:0.8`, `/?embedding=brush`, several of them too.
import { withWord } from './embeddings.ts';
import type { Store } from './store.ts';
import type { StudioAction, StudioState } from './studio.ts';
import type { StudioActions } from './studio-actions.ts';
import { styleNamed } from './styles.ts';

/** As many as a page of another site may switch on at once. */
export const MAX_LINKED = 8;

const NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

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

/** The embeddings that an address's query names, each once. */
export function linkedEmbeddings(search: string): readonly string[] {
  const named = new URLSearchParams(search).getAll('embedding').slice(0, MAX_LINKED);
  return [...new Set(named.filter((name) => NAME.test(name) && name.length <= 64))];
}

/** Finds them in the registry and says their words in the prompt; one that is not there becomes a notice. */
export async function sayLinked(
  names: readonly string[],
  store: Store<StudioState, StudioAction>,
  actions: Pick<StudioActions, 'findStyles'>,
): Promise<void> {
  for (const name of names) {
    const isThere = (): boolean => store.state().embeddings.some((embedding) => embedding.name === name);
    if (!isThere()) await actions.findStyles(name);
    if (!isThere()) {
      store.dispatch({
        kind: 'notice',
        notices: [`The link names the embedding ${name}, which is not in this registry.`],
      });
      continue;
    }
    const { prompt } = store.state().settings;
    if (!prompt.includes(name)) {
      store.dispatch({ kind: 'set', settings: { prompt: withWord(prompt, name) } });
    }
  }
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
