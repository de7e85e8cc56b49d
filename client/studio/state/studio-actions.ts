// What the user can make the studio do: each verb drives the library and tells the store.

import { modelParts, sortFiles } from './drops.ts';
import { failureOf, isAbort } from './failure.ts';
import { droppedModelName, restoreFrom } from './restore.ts';
import type { Settings } from './settings.ts';
import { namedAs, PIXEL_MULTIPLE, seedOf, settingsFault, throwSeed } from './settings.ts';
import type { Store } from './store.ts';
import type { StudioAction, StudioState } from './studio.ts';
import type { ShelfStyle } from './styles.ts';
import type { DroppedModel, EngineProgress, StudioEngine, Tincture } from './tincture.ts';

/** Models up to this size are fetched as soon as the page opens; larger ones wait for the first drawing. */
const EAGER_BYTES = 64 * 1024 * 1024;

export interface StudioActions {
  /** Reads the registry's lists, then loads a small model at once. */
  open(): Promise<void>;
  /** Loads the chosen model unless it is there; true when it is. */
  load(): Promise<boolean>;
  draw(): Promise<void>;
  /** Stops the drawing or the loading under way. */
  stop(): void;
  findStyles(query: string): Promise<void>;
  /** Files that were dropped or chosen: styles, pictures, or a model. */
  bring(files: readonly File[]): Promise<void>;
  chooseModel(name: string): void;
  chooseBackend(backend: StudioState['wantedBackend']): void;
  /** Puts a print's settings back into the form. */
  useSettings(number: number): void;
  /** Runs `work`; what it throws becomes the failure panel. */
  attempt<Result>(doing: string, work: () => Promise<Result>): Promise<Result | undefined>;
}

/** The verbs over one store and one library. */
export function createActions(
  store: Store<StudioState, StudioAction>,
  tincture: Tincture,
  saveData: boolean,
): StudioActions {
  let engine: StudioEngine | undefined;
  let opening: { readonly promise: Promise<boolean>; readonly abort: AbortController } | undefined;
  let drawing: AbortController | undefined;
  const droppedModels = new Map<string, DroppedModel>();

  const attempt = async <Result>(doing: string, work: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work();
    } catch (thrown) {
      if (!isAbort(thrown)) store.dispatch({ kind: 'fail', failure: failureOf(doing, thrown) });
      return undefined;
    }
  };

  /** Ends the engine and all that waits for it; the next picture loads again. */
  const dismiss = (): void => {
    drawing?.abort();
    opening?.abort.abort();
    opening = undefined;
    const old = engine;
    engine = undefined;
    if (old !== undefined) void attempt('Ending the engine', () => old.close());
  };

  const openEngine = async (abort: AbortController): Promise<boolean> => {
    const { model, wantedBackend } = store.state();
    const onProgress = ({ message, done, total }: EngineProgress): void => {
      if (abort.signal.aborted) return;
      store.dispatch({
        kind: 'press',
        press: {
          phase: 'loading',
          message,
          ...(done === undefined ? {} : { done }),
          ...(total === undefined ? {} : { total }),
        },
      });
    };
    store.dispatch({ kind: 'press', press: { phase: 'loading', message: 'starting' } });
    try {
      const opened = await tincture.openEngine(
        droppedModels.get(model) ?? model,
        wantedBackend === 'auto' ? undefined : wantedBackend,
        { signal: abort.signal, onProgress },
      );
      if (abort.signal.aborted) {
        await opened.close();
        return false;
      }
      engine = opened;
      store.dispatch({
        kind: 'press',
        press: {
          phase: 'ready',
          backend: opened.backend,
          reason: opened.backendReason,
          facts: opened.model,
        },
      });
      return true;
    } catch (thrown) {
      if (abort.signal.aborted || isAbort(thrown)) {
        if (opening?.abort === abort) store.dispatch({ kind: 'press', press: { phase: 'empty' } });
        return false;
      }
      store.dispatch({ kind: 'press', press: { phase: 'failed' } });
      store.dispatch({ kind: 'fail', failure: failureOf(`Loading the model ${model}`, thrown) });
      return false;
    }
  };

  const load = (): Promise<boolean> => {
    if (engine !== undefined) return Promise.resolve(true);
    if (opening === undefined) {
      const abort = new AbortController();
      const promise = openEngine(abort).finally(() => {
        if (opening?.abort === abort) opening = undefined;
      });
      opening = { promise, abort };
    }
    return opening.promise;
  };

  const draw = async (): Promise<void> => {
    const before = store.state();
    if (before.drawing !== undefined) return;
    const multiple = before.press.phase === 'ready' ? before.press.facts.pixelMultiple : PIXEL_MULTIPLE;
    const fault = settingsFault(before.settings, multiple);
    if (fault !== undefined) {
      store.dispatch({ kind: 'notice', notices: [fault] });
      return;
    }
    if (before.model === '') {
      store.dispatch({
        kind: 'notice',
        notices: ['There is no model yet. Connect once to fetch one, or drop a model’s folder here.'],
      });
      return;
    }
    if (!before.settings.seedLocked) store.dispatch({ kind: 'set', settings: { seed: throwSeed() } });
    const { settings, inUse, shelf, model } = store.state();
    store.dispatch({ kind: 'draw' });
    const abort = new AbortController();
    drawing = abort;
    try {
      if (!(await load()) || engine === undefined) {
        store.dispatch({ kind: 'stopped' });
        return;
      }
      abort.signal.throwIfAborted();
      const started = performance.now();
      const result = await engine.generate(requestOf(settings, inUse, shelf, tincture), {
        signal: abort.signal,
        onProgress: (progress) => {
          if (!abort.signal.aborted) store.dispatch({ kind: 'progress', drawing: progress });
        },
      });
      store.dispatch({
        kind: 'printed',
        notices: result.notices,
        print: {
          picture: result.picture,
          png: result.png,
          parameters: result.parameters,
          settings,
          styles: inUse,
          model,
          milliseconds: performance.now() - started,
        },
      });
    } catch (thrown) {
      if (abort.signal.aborted) store.dispatch({ kind: 'stopped' });
      else store.dispatch({ kind: 'fail', failure: failureOf('Drawing the picture', thrown) });
    } finally {
      if (drawing === abort) drawing = undefined;
    }
  };

  const bringModel = async (files: readonly File[]): Promise<void> => {
    const parts = await modelParts(files);
    const name = droppedModelName(parts.manifest);
    droppedModels.set(name, parts);
    dismiss();
    store.dispatch({
      kind: 'models',
      models: [{ name, origin: 'files', bytes: 0, defaults: tincture.defaultsOf(parts.manifest) }],
    });
    store.dispatch({ kind: 'choose-model', name });
    store.dispatch({
      kind: 'notice',
      notices: [`Model ${name} is taken from your files; nothing is uploaded.`],
    });
    await load();
  };

  const bringStyle = async (file: File): Promise<void> => {
    const style = await tincture.describeStyle(file);
    store.dispatch({ kind: 'shelve', styles: [style] });
    store.dispatch({ kind: 'take', id: style.id });
    store.dispatch({
      kind: 'notice',
      notices: [`Style ${style.title} is in use, straight from your file; nothing is uploaded.`],
    });
  };

  const bringPicture = async (file: File): Promise<void> => {
    const drawn = tincture.readParameters(new Uint8Array(await file.arrayBuffer()));
    if (drawn === undefined) {
      store.dispatch({
        kind: 'notice',
        notices: [`${file.name} carries no parameters: it was saved by a program that does not write them.`],
      });
      return;
    }
    const restored = restoreFrom(drawn, store.state(), tincture);
    store.dispatch({ kind: 'restore', settings: restored.settings, inUse: restored.inUse });
    store.dispatch({ kind: 'notice', notices: restored.notices });
  };

  return {
    attempt,
    load,
    draw,
    async open() {
      await attempt('Reading the list of models', async () => {
        const models = await tincture.listModels();
        store.dispatch({ kind: 'models', models: models.map((model) => ({ ...model, origin: 'registry' })) });
      });
      const styles = attempt('Reading the list of styles', async () => {
        store.dispatch({ kind: 'shelve', styles: await tincture.findStyles('') });
      });
      const { models, model } = store.state();
      const chosen = models.find(({ name }) => name === model);
      if (chosen !== undefined && chosen.bytes <= EAGER_BYTES && !saveData) await load();
      await styles;
    },
    stop() {
      const { drawing: underway } = store.state();
      if (drawing !== undefined && underway !== undefined) {
        // A run of the network cannot be broken off; what is said must change at once all the same.
        store.dispatch({
          kind: 'progress',
          drawing: { stage: underway.stage, message: 'stopping after this step' },
        });
      }
      drawing?.abort();
      opening?.abort.abort();
    },
    async findStyles(query) {
      await attempt('Searching styles', async () => {
        store.dispatch({ kind: 'shelve', styles: await tincture.findStyles(query) });
      });
    },
    async bring(files) {
      const sorted = sortFiles(files);
      if (sorted.model.length > 0) await attempt('Reading the dropped model', () => bringModel(sorted.model));
      for (const file of sorted.styles) await attempt(`Reading ${file.name}`, () => bringStyle(file));
      for (const file of sorted.pictures) await attempt(`Reading ${file.name}`, () => bringPicture(file));
      if (sorted.unknown.length > 0) {
        const names = sorted.unknown.map(({ name }) => name).join(', ');
        store.dispatch({
          kind: 'notice',
          notices: [
            `${names}: not a file that the studio can use. It takes .pt and .safetensors hypernetworks, ` +
              'PNG pictures with parameters, and model folders with a model.json.',
          ],
        });
      }
    },
    chooseModel(name) {
      dismiss();
      store.dispatch({ kind: 'choose-model', name });
      void load();
    },
    chooseBackend(backend) {
      dismiss();
      store.dispatch({ kind: 'choose-backend', backend });
      void load();
    },
    useSettings(number) {
      const print = store.state().prints.find((entry) => entry.number === number);
      if (print === undefined) return;
      store.dispatch({
        kind: 'restore',
        settings: { ...print.settings, seedLocked: true },
        inUse: print.styles,
      });
    },
  };
}

function requestOf(
  settings: Settings,
  inUse: StudioState['inUse'],
  shelf: readonly ShelfStyle[],
  lists: Pick<Tincture, 'samplers'>,
): Parameters<StudioEngine['generate']>[0] {
  const styles = inUse.flatMap(({ id, strength }) => {
    const style = shelf.find((entry) => entry.id === id);
    if (style === undefined) return [];
    const source = style.file === undefined ? style.name : { name: style.name, file: style.file };
    return [{ style: source, strength }];
  });
  const sampler = namedAs(lists.samplers, settings.sampler);
  return {
    prompt: settings.prompt,
    negativePrompt: settings.negativePrompt,
    styles,
    // `settingsFault` has refused a seed that cannot be read.
    seed: seedOf(settings.seed) ?? 0n,
    steps: settings.steps,
    sampler: settings.sampler,
    ...(settings.schedule === '' || sampler?.ownTimesteps === true ? {} : { schedule: settings.schedule }),
    guidance: settings.guidance,
    width: settings.width,
    height: settings.height,
    previewEvery: 1,
  };
}
