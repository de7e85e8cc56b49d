// Drives one run: the trainer in its Worker, its news into the store, previews drawn and kept.
import { KEPT, type KeptTraining } from '../../training/kept-training.ts';
import type { TrainingNews } from '../../training/protocol.ts';
import type { TrainingRequest } from '../../training/request.ts';
import type { WorkerTrainer } from '../../training/worker-trainer.ts';
import type { Studio } from '../components/studio-context.ts';
import { failureOf } from '../state/failure.ts';
import type { Store } from '../state/store.ts';
import { drawPreview, previewPrompt } from './draw-preview.ts';
import type { Rhythm } from './training-form.ts';
import { paceWith, type TrainingPageAction, type TrainingPageState } from './training-state.ts';

export interface RunParts {
  readonly store: Store<TrainingPageState, TrainingPageAction>;
  readonly studio: Studio;
  readonly kept: KeptTraining;
  readonly trainer: WorkerTrainer;
  readonly request: TrainingRequest;
  readonly rhythm: Rhythm;
  /** Of the first picture. */
  readonly caption: string;
  /** Ends what is drawn for the run. */
  readonly signal: AbortSignal;
  /** Whether the engine gives its memory back after each preview. */
  readonly large: boolean;
}

/** What the page does with each piece of news. */
export function newsTaker(parts: RunParts): (news: TrainingNews) => void {
  const { store, studio, kept, trainer, request, rhythm, caption, signal } = parts;
  const { losses } = store.state();

  const preview = async (step: number, file: Uint8Array<ArrayBuffer>): Promise<void> => {
    try {
      const drawn = await drawPreview(
        studio,
        {
          request,
          modelHash: trainer.model.hash,
          prompt: previewPrompt(rhythm.previewPrompt, caption, request.name, request.kind === 'embedding'),
          seeds: rhythm.previewSeeds,
          file,
        },
        signal,
      );
      if (typeof drawn === 'string') {
        store.dispatch({ kind: 'notice', words: `There is no preview of step ${step}: ${drawn}.` });
        return;
      }
      const files = drawn.map((png) => new Blob([png], { type: 'image/png' }));
      store.dispatch({ kind: 'preview', row: { step, files } });
      for (const [number, png] of drawn.entries()) await kept.write(KEPT.preview(step, number), png);
    } catch (thrown) {
      if (signal.aborted) return;
      const { message } = failureOf('Drawing the preview', thrown);
      store.dispatch({ kind: 'notice', words: `There is no preview of step ${step}: ${message}` });
    } finally {
      if (parts.large) await studio.actions.restEngine();
      trainer.previewDrawn();
    }
  };

  return (news) => {
    if (signal.aborted) return;
    switch (news.kind) {
      case 'preparing': {
        const { message, done, total } = news;
        const progress = done === undefined || total === undefined ? {} : { done, total };
        store.dispatch({ kind: 'run', change: { message, ...progress } });
        break;
      }
      case 'notice':
        store.dispatch({ kind: 'notice', words: news.words });
        break;
      case 'begun': {
        const { step, lastStep } = news;
        losses.cut(step);
        store.dispatch({ kind: 'losses' });
        store.dispatch({ kind: 'run', change: { phase: 'training', message: '', step, lastStep } });
        break;
      }
      case 'step': {
        const { report, milliseconds } = news;
        losses.add(report);
        const before = store.state().run?.milliseconds ?? 0;
        store.dispatch({
          kind: 'run',
          change: { step: report.step, milliseconds: paceWith(before, milliseconds) },
        });
        store.dispatch({ kind: 'losses' });
        break;
      }
      case 'validation':
        losses.addValidation(news.step, news.loss);
        store.dispatch({ kind: 'losses' });
        break;
      case 'saved': {
        const { name: modelName, hash: modelHash } = trainer.model;
        const { name, kind } = request;
        store.dispatch({
          kind: 'set',
          change: { kept: { step: news.step, name, kind, modelName, modelHash } },
        });
        break;
      }
      case 'unsaved':
        store.dispatch({ kind: 'run', change: { phase: 'unsaved' } });
        store.dispatch({
          kind: 'fail',
          failure: {
            doing: `Saving step ${news.step}`,
            message: news.words,
            advice: '',
            code: 'training/room',
          },
        });
        break;
      case 'preview':
        void preview(news.step, news.file);
        break;
    }
  };
}
