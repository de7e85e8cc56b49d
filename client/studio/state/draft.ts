// Keeps the form, and what drawing begins on, over a reload of this tab; it is gone when the tab is closed.

import { type MaskStroke, parseStrokes } from './mask-strokes.ts';
import type { Settings } from './settings.ts';
import { FIRST_SETTINGS } from './settings.ts';
import type { StartPicture } from './start-picture.ts';
import type { Store } from './store.ts';
import type { StudioAction, StudioState } from './studio.ts';

const KEY = 'tincture.draft';
const START_KEY = 'tincture.draft.start';

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

/** What drawing began on. */
export interface DraftStart {
  readonly name: string;
  readonly sha256: string;
  readonly strokes: readonly MaskStroke[];
}

/** More strokes than a tab's storage takes are left out; the picture itself is not. */
const MAX_STROKES_LENGTH = 2 ** 20;

/** Undefined where drawing began on noise, or where nothing sound is stored. */
export function parseDraftStart(json: string | null): DraftStart | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json ?? 'null');
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('name' in value) || !('sha256' in value))
    return undefined;
  const { name, sha256 } = value;
  if (typeof name !== 'string' || typeof sha256 !== 'string') return undefined;
  const strokes = 'strokes' in value ? parseStrokes(value.strokes) : undefined;
  return { name, sha256, strokes: strokes ?? [] };
}

export function readDraftStart(): DraftStart | undefined {
  return parseDraftStart(sessionStorage.getItem(START_KEY));
}

function keepStart(start: StartPicture | undefined): void {
  if (start?.sha256 === undefined) {
    sessionStorage.removeItem(START_KEY);
    return;
  }
  const { name, sha256, strokes } = start;
  const fits = JSON.stringify(strokes).length <= MAX_STROKES_LENGTH;
  sessionStorage.setItem(START_KEY, JSON.stringify({ name, sha256, strokes: fits ? strokes : [] }));
}

/** What no model proposes: words, seed, and how a start picture and a second pass are drawn. */
const KEPT = [
  'prompt',
  'negativePrompt',
  'seed',
  'seedLocked',
  'denoisingStrength',
  'maskBlur',
  'maskedContent',
  'hiresUpscaler',
  'hiresScale',
  'hiresSteps',
  'hiresStrength',
] as const satisfies readonly (keyof Settings)[];

/** Other numbers come from the model that is loaded. */
export function readDraft(store: Store<StudioState, StudioAction>): void {
  const draft = parseDraft(sessionStorage.getItem(KEY));
  const kept = Object.entries(draft).filter(([key]) => KEPT.some((name) => name === key));
  store.dispatch({ kind: 'set', settings: Object.fromEntries(kept) });
}

export function keepDraft(store: Store<StudioState, StudioAction>): void {
  let { settings: kept, start: keptStart } = store.state();
  store.subscribe(() => {
    const { settings, start } = store.state();
    if (start !== keptStart) {
      keptStart = start;
      keepStart(start);
    }
    if (settings === kept) return;
    kept = settings;
    sessionStorage.setItem(KEY, JSON.stringify(settings));
  });
}
