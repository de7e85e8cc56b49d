// Who follows the training page's store: what this browser keeps of it, and the studio's head.
import { KEPT, type KeptTraining } from '../../training/kept-training.ts';
import { failureOf } from '../state/failure.ts';
import type { Store } from '../state/store.ts';
import type { StudioAction, StudioState } from '../state/studio.ts';
import { projectText } from './kept-page.ts';
import type { TrainingPageAction, TrainingPageState } from './training-state.ts';

type PageStore = Store<TrainingPageState, TrainingPageAction>;

/** Typing rests so long before it is kept. Milliseconds. */
const PAUSE_MS = 300;

/** Keeps form and pictures as they change, and at once when the page is hidden. */
export function keepProject(store: PageStore, kept: KeptTraining): void {
  const part = ({ form, pictures, model }: TrainingPageState) => [form, pictures, model];
  let seen = part(store.state());
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> = Promise.resolve();
  const keep = (): void => {
    clearTimeout(timer);
    timer = undefined;
    writing = writing
      .then(() => kept.write(KEPT.project, projectText(store.state())))
      .catch((thrown: unknown) =>
        store.dispatch({ kind: 'fail', failure: failureOf('Keeping the training', thrown) }),
      );
  };
  store.subscribe(() => {
    const now = part(store.state());
    if (now.every((value, i) => value === seen[i])) return;
    seen = now;
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE_MS);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden' && timer !== undefined) keep();
  });
}

/** Tells the studio's head how far the training is. */
export function tellStudio(store: PageStore, studio: Store<StudioState, StudioAction>): void {
  store.subscribe(() => {
    const { run } = store.state();
    const words =
      run === undefined
        ? undefined
        : run.lastStep === 0
          ? '…'
          : `${Math.floor((100 * run.step) / run.lastStep)} %`;
    studio.dispatch({ kind: 'training', training: words });
  });
}
