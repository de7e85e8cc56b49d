// What the user can make the studio do: each verb drives the library and tells the store.
import type { ModelSource } from '../../index.ts';
import { createBringer } from './bring-files.ts';
import { requestOf, usesOf } from './draw-request.ts';
import { createEngineKeeper } from './engine-keeper.ts';
import { failureOf, isAbort } from './failure.ts';
import { restoreFrom } from './restore.ts';
import { PIXEL_MULTIPLE, settingsFault, settingsOfPicture, throwSeed } from './settings.ts';
import { createStarter, type StartActions } from './start-actions.ts';
import type { Store } from './store.ts';
import type { StudioAction, StudioState } from './studio.ts';
import type { StudioEngine, Tincture } from './tincture.ts';

/** Models up to this size are fetched as soon as the page opens; larger ones wait for the first drawing. */
const EAGER_BYTES = 64 * 1024 * 1024;

const STOPPED = ['Stopped. Nothing was kept of that picture.'];

export interface StudioActions extends StartActions {
  /** Reads the registry's lists, then loads a small model at once. */
  open(): Promise<void>;
  /** Loads the chosen model unless it is there; true when it is. */
  load(): Promise<boolean>;
  draw(): Promise<void>;
  /**
   * The engine with the chosen model, loaded if need be; undefined where there is none, which the page then says.
   * Rejects with the signal's reason.
   */
  engineFor(signal: AbortSignal): Promise<StudioEngine | undefined>;
  /** What the chosen model is opened from; undefined where there is none, which the page then says. */
  modelSource(signal: AbortSignal): Promise<ModelSource | undefined>;
  /** Ends the engine, so that another has its memory; the next picture loads again. */
  restEngine(): Promise<void>;
  /** Stops the drawing or the loading under way. */
  stop(): void;
  /** Brings styles and embeddings of the registry to hand. */
  findStyles(query: string): Promise<void>;
  /** Files that were dropped or chosen: styles, pictures, or a model. */
  bring(files: readonly File[]): Promise<void>;
  /** Takes the newest build of a watched style in the place of the one before, and draws the same picture anew. */
  follow(file: File): Promise<void>;
  chooseModel(name: string): void;
  chooseBackend(backend: StudioState['wantedBackend']): void;
  /** Puts what the offered picture tells into the form. */
  restoreOffered(): void;
  /** Puts a print's settings back into the form. */
  useSettings(number: number): void;
  /** Runs `work`; what it throws becomes the failure panel. */
  attempt<Result>(doing: string, work: () => Promise<Result>): Promise<Result | undefined>;
}

/** The verbs over one store and one library; `toModels` shows the page of models and brings it a file. */
export function createActions(
  store: Store<StudioState, StudioAction>,
  tincture: Tincture,
  saveData: boolean,
  toModels: (file: File) => void = () => {},
): StudioActions {
  const keeper = createEngineKeeper(store, tincture);
  let drawing: AbortController | undefined;
  let underway: Promise<void> | undefined;
  /** The build of a watched style that arrived last. */
  let newest: File | undefined;
  /** Resolves when the page is ready to ask for lists, which the first visit's service worker should see. */
  const opened = Promise.withResolvers<void>();
  let listing: Promise<void> | undefined;

  const attempt = async <Result>(doing: string, work: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work();
    } catch (thrown) {
      if (!isAbort(thrown)) store.dispatch({ kind: 'fail', failure: failureOf(doing, thrown) });
      return undefined;
    }
  };

  /** Ends the engine and the picture that it draws; the next picture loads again. */
  const dismiss = (): void => {
    drawing?.abort();
    void attempt('Ending the engine', () => keeper.dismiss());
  };

  const load = async (): Promise<boolean> => (await keeper.load()) !== undefined;

  /** Asks for the list of models once; again only after a failure. */
  const listModels = (): Promise<void> => {
    listing ??= tincture.listModels().then(
      (models) => {
        store.dispatch({ kind: 'models', models: models.map((model) => ({ ...model, origin: 'registry' })) });
      },
      (thrown) => {
        listing = undefined;
        throw thrown;
      },
    );
    return listing;
  };

  /** Waits for the list of models where none is chosen yet; false when there is still none, which is then said. */
  const haveModel = async (signal: AbortSignal): Promise<boolean> => {
    if (store.state().model !== '') return true;
    store.dispatch({
      kind: 'progress',
      drawing: { stage: 'model', message: 'waiting for the list of models' },
    });
    await untilAborted(
      opened.promise.then(() => attempt('Reading the list of models', listModels)),
      signal,
    );
    const { model, failure } = store.state();
    if (model === '' && failure === undefined) {
      store.dispatch({
        kind: 'stopped',
        notices: ['There is no model yet. Connect once to fetch one, or drop a model’s folder here.'],
      });
    }
    return model !== '';
  };

  const engineFor = async (signal: AbortSignal): Promise<StudioEngine | undefined> => {
    if (!(await haveModel(signal))) return undefined;
    const engine = await keeper.load();
    signal.throwIfAborted();
    return engine;
  };

  const modelSource = async (signal: AbortSignal): Promise<ModelSource | undefined> =>
    (await haveModel(signal)) ? tincture.modelSource(keeper.chosen()) : undefined;

  /** A picture at a time; who asks meanwhile waits for the one under way. */
  const draw = (): Promise<void> => {
    underway ??= drawOnce().finally(() => {
      underway = undefined;
    });
    return underway;
  };

  const drawOnce = async (): Promise<void> => {
    store.dispatch({ kind: 'draw' });
    const abort = new AbortController();
    drawing = abort;
    try {
      if (!(await haveModel(abort.signal))) return;
      // Only now: the list of models brings the settings that the model proposes.
      const { press, settings: wanted } = store.state();
      const multiple = press.phase === 'ready' ? press.facts.pixelMultiple : PIXEL_MULTIPLE;
      const fault = settingsFault(wanted, multiple);
      if (fault !== undefined) {
        store.dispatch({ kind: 'stopped', notices: [fault] });
        return;
      }
      if (!wanted.seedLocked) store.dispatch({ kind: 'set', settings: { seed: throwSeed() } });
      const { settings, inUse, shelf, model, embeddings, start } = store.state();
      const engine = await engineFor(abort.signal);
      if (engine === undefined) {
        // A failure speaks for itself.
        store.dispatch({ kind: 'stopped', notices: store.state().failure === undefined ? STOPPED : [] });
        return;
      }
      const started = performance.now();
      const result = await engine.generate(
        requestOf(settings, usesOf(inUse, shelf), tincture, embeddings, start),
        {
          signal: abort.signal,
          onProgress: (progress) => {
            if (!abort.signal.aborted) store.dispatch({ kind: 'progress', drawing: progress });
          },
        },
      );
      const milliseconds = performance.now() - started;
      const used = embeddings.filter(({ name }) => result.embeddings.includes(name));
      store.dispatch({
        kind: 'printed',
        notices: result.notices,
        prints: result.pictures.map(({ picture, png, parameters, seed }, index) => ({
          picture,
          png,
          parameters,
          settings: settingsOfPicture(settings, seed, index),
          styles: inUse,
          embeddings: used,
          start,
          model,
          milliseconds,
        })),
      });
    } catch (thrown) {
      if (abort.signal.aborted) store.dispatch({ kind: 'stopped', notices: STOPPED });
      else store.dispatch({ kind: 'fail', failure: failureOf('Drawing the picture', thrown) });
    } finally {
      if (drawing === abort) drawing = undefined;
    }
  };

  /** Styles and embeddings of the registry come to hand. */
  const find = async (query: string): Promise<void> => {
    const [styles, embeddings] = await Promise.all([
      tincture.findStyles(query),
      tincture.findEmbeddings(query),
    ]);
    store.dispatch({ kind: 'shelve', styles });
    store.dispatch({ kind: 'embed', embeddings });
  };

  const starter = createStarter({ store, tincture, attempt });
  const bring = createBringer({ store, tincture, keeper, attempt, dismiss, load, toModels, ...starter });

  const follow = async (file: File): Promise<void> => {
    newest = file;
    const style = await tincture.describeStyle(file);
    // A build that was read in less time has taken its place.
    if (newest !== file) return;
    store.dispatch({ kind: 'shelve', styles: [style] });
    store.dispatch({ kind: 'take', id: style.id });
    store.dispatch({ kind: 'set', settings: { seedLocked: true } });
    drawing?.abort();
    await underway;
    await draw();
  };

  return {
    ...starter,
    attempt,
    load,
    draw,
    engineFor,
    modelSource,
    restEngine: async () => {
      drawing?.abort();
      await keeper.dismiss();
      store.dispatch({ kind: 'press', press: { phase: 'empty' } });
    },
    async follow(file) {
      await attempt('Reading the watched style', () => follow(file));
    },
    async open() {
      opened.resolve();
      await attempt('Reading the list of models', listModels);
      const styles = attempt('Reading the list of styles', () => find(''));
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
      keeper.stop();
    },
    async findStyles(query) {
      await attempt('Searching styles', () => find(query));
    },
    bring,
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
    restoreOffered() {
      const { offered } = store.state();
      if (offered === undefined) return;
      const { settings, inUse, notices } = restoreFrom(offered.drawn, store.state(), tincture);
      // What was drawn from noise is drawn from noise again.
      const fromNoise = offered.drawn.denoisingStrength === undefined || settings.hiresUpscaler !== '';
      store.dispatch({ kind: 'restore', settings, inUse });
      if (fromNoise && store.state().start !== undefined) void starter.beginOnNoise();
      store.dispatch({ kind: 'notice', notices });
    },
    useSettings(number) {
      const print = store.state().prints.find((entry) => entry.number === number);
      if (print === undefined) return;
      store.dispatch({
        kind: 'restore',
        settings: { ...print.settings, seedLocked: true },
        inUse: print.styles,
        start: print.start,
      });
    },
  };
}

/** What `work` gives, or the signal's reason as soon as it is aborted; the work itself goes on. */
function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}
