// The comparison that this page runs: its store, and the verbs that begin and cancel it.
import type { ComparisonProgress } from '../../comparison/compare.ts';
import type { ComparisonNews, ComparisonResult } from '../../comparison/protocol.ts';
import type { ComparisonReport } from '../../comparison/report-data.ts';
import { compareInWorker } from '../../comparison/worker-comparison.ts';
import type { Assessment } from '../../training/fit.ts';
import type { Studio } from '../components/studio-context.ts';
import { createStore } from '../state/store.ts';
import type { SetPicture } from '../training/bring-pictures.ts';
import { modelIsLarge, trainerOptions } from '../training/trainer-keeper.ts';
import { type ComparisonForm, FIRST_COMPARISON, readComparison } from './comparison-form.ts';

/** A comparison under way. */
export interface ComparisonRun {
  readonly message: string;
  readonly parts: Readonly<Partial<Record<ComparisonProgress['part'], ComparisonProgress>>>;
  readonly steps: number;
  readonly assessment: Assessment | undefined;
}

export interface ComparisonPageState {
  readonly form: ComparisonForm;
  readonly run: ComparisonRun | undefined;
  readonly notices: readonly string[];
  readonly report: ComparisonReport | undefined;
  /** What was trained for the report; undefined for one that was opened. */
  readonly files: ComparisonResult['files'] | undefined;
}

/** Kept while one looks at another page; a comparison goes on meanwhile. */
export const comparison = createStore(
  (state: ComparisonPageState, change: Partial<ComparisonPageState>) => ({ ...state, ...change }),
  { form: FIRST_COMPARISON, run: undefined, notices: [], report: undefined, files: undefined },
);

/** Rows of pictures in the report. */
const SHOWN = 6;

/** What is done while a part goes on. */
const DOING: Readonly<Record<ComparisonProgress['part'], string>> = {
  hypernetwork: 'Training the hypernetwork',
  embedding: 'Training the embedding',
  pictures: 'Drawing with each, and with neither',
};

let ending = new AbortController();

/** Compares on these pictures; what goes wrong is told by the studio. One at a time. */
export async function startComparison(studio: Studio, pictures: readonly SetPicture[]): Promise<void> {
  const { form, run } = comparison.state();
  const { wish } = readComparison(form);
  if (wish === undefined || run !== undefined || pictures.length === 0) return;
  ending = new AbortController();
  const { signal } = ending;
  const { requests } = wish;
  const first: ComparisonRun = {
    message: 'Opening the model',
    parts: {},
    steps: requests.hypernetwork.steps,
    assessment: undefined,
  };
  comparison.dispatch({ run: first, notices: [] });
  studio.store.dispatch({ kind: 'forgive' });
  try {
    await studio.actions.attempt('Comparing', async () => {
      const model = await studio.actions.modelSource(signal);
      if (model === undefined) return;
      if (modelIsLarge(studio)) await studio.actions.restEngine();
      const start = {
        ...wish,
        options: trainerOptions(studio, model),
        pictures: pictures.map(({ name, caption, file }) => ({ name, caption, file })),
        seeds: [requests.hypernetwork.seed],
        shown: SHOWN,
      };
      comparison.dispatch(await compareInWorker(start, take, signal));
    });
  } finally {
    comparison.dispatch({ run: undefined });
  }
}

/** Ends it at once; nothing of it is kept. */
export function cancelComparison(): void {
  ending.abort(new DOMException('The comparison was cancelled.', 'AbortError'));
}

function take(news: ComparisonNews): void {
  const { run, notices } = comparison.state();
  if (run === undefined) return;
  switch (news.kind) {
    case 'preparing':
      comparison.dispatch({ run: { ...run, message: sentence(news.message) } });
      break;
    case 'assessed':
      comparison.dispatch({ run: { ...run, assessment: news.assessment } });
      break;
    case 'notice':
      comparison.dispatch({ notices: [...notices, news.words] });
      break;
    case 'progress': {
      const { part } = news.progress;
      const parts = { ...run.parts, [part]: news.progress };
      comparison.dispatch({ run: { ...run, message: DOING[part], parts } });
      break;
    }
  }
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
