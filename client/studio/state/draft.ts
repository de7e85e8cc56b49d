// Keeps the form over a reload of this tab; it is gone when the tab is closed.
import type { Settings } from './settings.ts';
import { FIRST_SETTINGS } from './settings.ts';
import type { Store } from './store.ts';
import type { StudioAction, StudioState } from './studio.ts';

const KEY = 'tincture.draft';

/** The fields of a stored draft that are there and of the right type. */
export function parseDraft(json: string | null): Partial<Settings> {
  let value: unknown;
  try {
    value = JSON.parse(json ?? '{}');
  } catch {
    return {};
  }
  if (typeof value !== 'object' || value === null) return {};
  const known = Object.entries(value).filter(
    ([key, entry]) => key in FIRST_SETTINGS && typeof entry === typeof FIRST_SETTINGS[key as keyof Settings],
  );
  return Object.fromEntries(known);
}

/** Only words and seed: numbers come from the model that is loaded. */
export function readDraft(store: Store<StudioState, StudioAction>): void {
  const { prompt, negativePrompt, seed, seedLocked } = parseDraft(sessionStorage.getItem(KEY));
  store.dispatch({
    kind: 'set',
    settings: {
      ...(prompt === undefined ? {} : { prompt }),
      ...(negativePrompt === undefined ? {} : { negativePrompt }),
      ...(seed === undefined ? {} : { seed }),
      ...(seedLocked === undefined ? {} : { seedLocked }),
    },
  });
}

export function keepDraft(store: Store<StudioState, StudioAction>): void {
  let kept = store.state().settings;
  store.subscribe(() => {
    const { settings } = store.state();
    if (settings === kept) return;
    kept = settings;
    sessionStorage.setItem(KEY, JSON.stringify(settings));
  });
}
