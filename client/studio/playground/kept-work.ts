// Keeps the playground's sources, card and the names of its weights on this device, over reloads and visits.
import { MAX_SOURCE_CHARACTERS, MAX_SOURCE_FILES } from '../../kit/compile.ts';
import type { Store } from '../state/store.ts';
import { MAX_SETS } from './bring-weights.ts';
import type { CardForm, KeptWeights, PlaygroundAction, PlaygroundState, Work } from './playground-state.ts';

const KEY = 'tincture.playground';
const CARD_FIELDS = ['name', 'version', 'title', 'author', 'licence', 'description'] as const;
/** A source is written this long after its last change: a page that is closed loses no more than that. */
const PAUSE_MS = 300;

/** Stored work, if it is whole and within the kit's bounds; undefined otherwise. */
export function parseWork(json: string | null): Work | undefined {
  if (json === null || json.length > 4 * MAX_SOURCE_CHARACTERS) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { template, files, entry, card, contextWidth } = value;
  if (typeof template !== 'string' || typeof entry !== 'string' || typeof contextWidth !== 'number') return;
  if (!isTexts(files) || !(entry in files) || Object.keys(files).length > MAX_SOURCE_FILES) return;
  if (!isTexts(card) || CARD_FIELDS.some((field) => card[field] === undefined)) return;
  const known = Object.fromEntries(CARD_FIELDS.map((field) => [field, card[field]!]));
  const work = { template, files, entry, card: known as unknown as CardForm, contextWidth };
  if (value.weights === undefined) return work;
  return isKeptWeights(value.weights) ? { ...work, weights: value.weights } : undefined;
}

export function readWork(): Work | undefined {
  return parseWork(localStorage.getItem(KEY));
}

/** Writes each change of the work, a moment later. `failed` hears of a storage that takes no more. */
export function keepWork(
  store: Store<PlaygroundState, PlaygroundAction>,
  failed: (thrown: unknown) => void,
): void {
  let kept = store.state().work;
  let clock: ReturnType<typeof setTimeout> | undefined;
  store.subscribe(() => {
    const { work } = store.state();
    if (work === kept) return;
    kept = work;
    clearTimeout(clock);
    clock = setTimeout(() => {
      try {
        localStorage.setItem(KEY, JSON.stringify(work));
      } catch (thrown) {
        failed(thrown);
      }
    }, PAUSE_MS);
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTexts = (value: unknown): value is Record<string, string> =>
  isRecord(value) && Object.values(value).every((text) => typeof text === 'string');

const isKeptWeights = (value: unknown): value is readonly KeptWeights[] =>
  Array.isArray(value) &&
  value.length <= MAX_SETS &&
  value.every((it) => isTexts(it) && it.name !== undefined && /^[0-9a-f]{64}$/.test(it.sha256 ?? ''));
