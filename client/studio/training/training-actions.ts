// What the user can make the training page do: each verb drives the trainer or what is kept, and tells the store.
import { blobSource, TinctureError } from '../../index.ts';
import { KEPT, type KeptTraining } from '../../training/kept-training.ts';
import { type ResultFormat, savedResult } from '../../training/result.ts';
import { readTrainingState } from '../../training/state-file.ts';
import type { Studio } from '../components/studio-context.ts';
import { withWord } from '../state/embeddings.ts';
import { failureOf, isAbort } from '../state/failure.ts';
import { saveFile } from '../state/save-file.ts';
import type { Store } from '../state/store.ts';
import { type BroughtFile, bringPictures, stemOf } from './bring-pictures.ts';
import { readKept, readKeptState } from './kept-page.ts';
import { LossCurve } from './loss-curve.ts';
import { measureMemory } from './measure-memory.ts';
import { createTrainerKeeper, modelIsLarge } from './trainer-keeper.ts';
import {
  formOfOptions,
  keptOptions,
  optionsLeftOut,
  PRESETS,
  type Preset,
  readForm,
  type TrainingForm,
} from './training-form.ts';
import { newsTaker } from './training-run.ts';
import type { Run, TrainingPageAction, TrainingPageState } from './training-state.ts';

export interface TrainingActions {
  /** Reads what this browser keeps. */
  open(): Promise<void>;
  /** Takes pictures and captions, or the state of a training. */
  bring(files: readonly BroughtFile[]): Promise<void>;
  caption(id: string, caption: string): void;
  removePicture(id: string): Promise<void>;
  /** Another preset, with its defaults; the name stays where it was typed. */
  choosePreset(preset: Preset): void;
  set(change: Partial<TrainingForm>): void;
  /** Says whether the training fits this device. */
  assess(): Promise<void>;
  /** Trains, from the kept state where there is one. */
  start(): Promise<void>;
  /** Saves, then ends the run; it goes on to the same numbers later. */
  pause(): void;
  /** Ends the run at once; what was saved last stays. */
  stop(): Promise<void>;
  /** Tries the save again that found no room. */
  saveAgain(): void;
  /** Puts the result on the picture page, in use. */
  tryIt(): Promise<void>;
  download(format: ResultFormat | 'state'): Promise<void>;
  /** Removes the net and its previews; pictures and form stay. */
  startOver(): Promise<void>;
  /** Removes pictures too. */
  clear(): Promise<void>;
}

const FIRST_RUN: Run = { phase: 'preparing', message: 'starting', step: 0, lastStep: 0, milliseconds: 0 };

export function createTrainingActions(
  store: Store<TrainingPageState, TrainingPageAction>,
  studio: Studio,
  kept: KeptTraining,
): TrainingActions {
  const trainers = createTrainerKeeper(studio);
  let ending: AbortController | undefined;

  const set = (change: Partial<TrainingPageState>): void => store.dispatch({ kind: 'set', change });
  const attempt = async (doing: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (thrown) {
      if (!isAbort(thrown)) store.dispatch({ kind: 'fail', failure: failureOf(doing, thrown) });
    }
  };

  const bringState = async ({ path, file }: BroughtFile): Promise<void> => {
    const { facts, options, state } = await readTrainingState(blobSource(path, file));
    if (facts.kind === 'model') {
      throw new TinctureError('studio/training', 'this page trains styles and subjects, not whole models', {
        where: path,
        fix: 'Go on with `tincture train model --resume`.',
      });
    }
    await removeNet();
    await kept.write(KEPT.state, file);
    const given: unknown = JSON.parse(options ?? '{}');
    const form = formOfOptions(given, facts.kind === 'embedding' ? 'subject' : 'style');
    set({ form: { ...form, name: facts.name, seed: String(facts.seed) }, kept: await readKeptState(kept) });
    const without = optionsLeftOut(given);
    const words =
      without.length > 0 ? `, without ${without.join(', ')}, which only the command line has` : '';
    store.dispatch({ kind: 'notice', words: `${path} goes on from step ${state.step}${words}.` });
  };

  const removeNet = async (): Promise<void> => {
    for (const path of [KEPT.state, KEPT.losses]) await kept.remove(path);
    for (const name of await kept.list('previews')) await kept.remove(`previews/${name}`);
    set({ kept: undefined, losses: new LossCurve(), previews: [], failure: undefined });
    store.dispatch({ kind: 'losses' });
  };

  const assess = async (): Promise<void> => {
    const { form, run } = store.state();
    const { request } = readForm(form);
    if (request === undefined || run !== undefined) return;
    set({ fit: { phase: 'looking' } });
    let fit: TrainingPageState['fit'] = { phase: 'unknown' };
    await attempt('Looking whether the training fits', async () => {
      const trainer = await trainers.trainer(() => {});
      if (trainer === undefined) return;
      const onGpu = trainer.backend === 'webgpu';
      fit = { phase: 'known', assessment: await trainer.assess(request), onGpu };
    });
    // Someone has typed on: that look follows.
    if (store.state().form === form && store.state().run === undefined) set({ fit });
  };

  const start = async (): Promise<void> => {
    const { form, pictures, kept: from, run } = store.state();
    const { request, rhythm } = readForm(form, from?.step);
    if (request === undefined || pictures.length === 0 || run !== undefined) return;
    const control = new AbortController();
    ending = control;
    // A browser that is short of space removes what nobody asked it to keep.
    void navigator.storage.persist?.();
    const { model } = studio.store.state();
    const large = modelIsLarge(studio);
    set({ run: FIRST_RUN, failure: undefined, notices: [], model });
    const memory = measureMemory((bytes) => set({ memory: bytes }), control.signal);
    try {
      if (large) await studio.actions.restEngine();
      let take: ReturnType<typeof newsTaker> | undefined;
      const trainer = await trainers.trainer((news) => {
        if (take !== undefined) take(news);
        else if (news.kind === 'preparing')
          store.dispatch({ kind: 'run', change: { message: news.message } });
      });
      if (trainer === undefined) return;
      control.signal.throwIfAborted();
      const caption = pictures[0]!.caption;
      const parts = { store, studio, kept, trainer, request, rhythm, caption, signal: control.signal, large };
      take = newsTaker(parts);
      const { fit } = store.state();
      const plan = fit.phase === 'known' ? fit.assessment.need.memory : undefined;
      const end = await trainer.train({
        request: { ...request, memory: request.memory ?? plan },
        pictures: pictures.map(({ id, name, caption }) => ({ id, name, caption })),
        options: JSON.stringify(keptOptions(form)),
        saveEvery: rhythm.saveEvery,
        previewEvery: rhythm.previewEvery,
      });
      const words = end.finished
        ? `Trained to step ${end.step}.`
        : `Paused after step ${end.step}. Going on gives the same numbers as without the pause.`;
      store.dispatch({ kind: 'notice', words });
    } catch (thrown) {
      if (!control.signal.aborted) store.dispatch({ kind: 'fail', failure: failureOf('Training', thrown) });
    } finally {
      control.abort();
      memory();
      // A Worker that has trained holds its sessions' memory, and after a failure it may hold a lost device.
      trainers.dismiss();
      const state = await readKeptState(kept).catch(() => undefined);
      store.state().losses.cut(state?.step ?? 0);
      const previews = store.state().previews.filter(({ step }) => step <= (state?.step ?? 0));
      set({ run: undefined, kept: state, previews });
      store.dispatch({ kind: 'losses' });
    }
  };

  return {
    open: () =>
      attempt('Reading the kept training', async () => {
        const found = await readKept(kept).finally(() => set({ opened: true }));
        set(found);
        store.dispatch({ kind: 'losses' });
      }),
    bring: (files) =>
      attempt('Reading the files', async () => {
        if (store.state().run !== undefined) {
          store.dispatch({ kind: 'notice', words: 'Pictures can be added when the training is paused.' });
          return;
        }
        set({ failure: undefined, notices: [], reading: { done: 0, total: files.length } });
        try {
          const saved = files.find(({ path }) => path.endsWith('.training.safetensors'));
          if (saved !== undefined) await bringState(saved);
          const rest = files.filter((file) => file !== saved);
          const held = store.state().pictures.length;
          const brought = await bringPictures(rest, held, (done, total) => set({ reading: { done, total } }));
          for (const picture of brought.pictures) {
            await kept.write(KEPT.picture(picture.id), picture.file);
            store.dispatch({ kind: 'add-pictures', pictures: [picture] });
          }
          for (const { id, name } of store.state().pictures) {
            const caption = brought.captions.get(stemOf(name));
            if (caption !== undefined) store.dispatch({ kind: 'caption', id, caption });
          }
          for (const words of brought.notices) store.dispatch({ kind: 'notice', words });
        } finally {
          set({ reading: undefined });
        }
      }),
    caption: (id, caption) => store.dispatch({ kind: 'caption', id, caption }),
    async removePicture(id) {
      store.dispatch({ kind: 'remove-picture', id });
      await attempt('Removing the picture', () => kept.remove(KEPT.picture(id)));
    },
    choosePreset(preset) {
      const { form } = store.state();
      const typed = Object.values(PRESETS).some(({ name }) => name === form.name) ? {} : { name: form.name };
      set({ form: { ...PRESETS[preset], ...typed } });
    },
    set: (change) => store.dispatch({ kind: 'form', change }),
    assess,
    start,
    pause() {
      store.dispatch({ kind: 'run', change: { phase: 'pausing' } });
      trainers.current()?.pause();
    },
    async stop() {
      ending?.abort();
      trainers.dismiss();
    },
    saveAgain() {
      set({ failure: undefined });
      store.dispatch({ kind: 'run', change: { phase: 'training' } });
      trainers.current()?.saveAgain();
    },
    tryIt: () =>
      attempt('Trying the result', async () => {
        const result = await resultFile(kept, 'safetensors');
        if (result === undefined) return;
        await studio.actions.bring([result.file]);
        if (result.kind === 'embedding') {
          const { settings } = studio.store.state();
          if (!settings.prompt.includes(result.name)) {
            studio.store.dispatch({
              kind: 'set',
              settings: { prompt: withWord(settings.prompt, result.name) },
            });
          }
        }
        location.hash = '#draw';
      }),
    download: (format) =>
      attempt('Saving the result', async () => {
        const result = await resultFile(kept, format);
        if (result !== undefined) saveFile(result.file, result.file.name);
      }),
    startOver: () => attempt('Starting over', removeNet),
    clear: () =>
      attempt('Removing the training', async () => {
        await kept.clear();
        const { form } = store.state();
        set({
          pictures: [],
          kept: undefined,
          losses: new LossCurve(),
          previews: [],
          failure: undefined,
          notices: [],
          form: PRESETS[form.preset],
        });
        store.dispatch({ kind: 'losses' });
      }),
  };
}

/** The kept state as the file that is wanted; undefined where nothing is kept. */
async function resultFile(
  kept: KeptTraining,
  format: ResultFormat | 'state',
): Promise<{ readonly file: File; readonly name: string; readonly kind: string } | undefined> {
  const state = await kept.read(KEPT.state);
  if (state === undefined) return undefined;
  const saved = await readTrainingState(blobSource('the kept training', state));
  const { name, kind } = saved.facts;
  if (format === 'state') return { file: new File([state], `${name}.training.safetensors`), name, kind };
  const form = formOfOptions(JSON.parse(saved.options ?? '{}'), kind === 'embedding' ? 'subject' : 'style');
  const { request } = readForm({ ...form, name, rate: '' });
  if (request === undefined) return undefined;
  return {
    file: new File([savedResult(saved, request.description, format)], `${name}.${format}`),
    name,
    kind,
  };
}
