// The page of models: what is kept, what is being added, and the verbs over them.
import type { OwnModel, OwnModels, Pick } from '../../index.ts';
import { failureOf } from './failure.ts';
import { nameOf } from './picks.ts';
import { createStore, type Store } from './store.ts';
import type { StudioAction, StudioState } from './studio.ts';

export interface ModelShelfState {
  readonly own: readonly OwnModel[];
  readonly adding: { readonly name: string; readonly done: number; readonly total: number } | undefined;
  /** Files that wait for a tokenizer. */
  readonly waiting: readonly Pick[];
  /** Counts of tokens of the remembered tokenizers. */
  readonly tokenizers: readonly number[];
  /** Bytes of this site's storage. */
  readonly room: { readonly used: number; readonly free: number } | undefined;
}

export interface ModelShelf {
  readonly store: Store<ModelShelfState, Partial<ModelShelfState>>;
  /** Reads what is kept, and tells the studio of its models. */
  open(): Promise<void>;
  /** Adds the model that the files are together, or remembers a tokenizer that comes alone. */
  bring(picks: readonly Pick[]): Promise<void>;
  /** Stops the adding under way; nothing of it is kept. */
  cancel(): void;
  remove(name: string): Promise<void>;
}

const isTokenizerError = (thrown: unknown): boolean =>
  (thrown as { code?: unknown } | null)?.code === 'store/tokenizer';
const TENSOR_FILE = /\.(safetensors|ckpt|pt|bin)$/i;

export function createModelShelf(studio: Store<StudioState, StudioAction>, models: OwnModels): ModelShelf {
  const store = createStore(
    (state: ModelShelfState, change: Partial<ModelShelfState>): ModelShelfState => ({ ...state, ...change }),
    { own: [], adding: undefined, waiting: [], tokenizers: [], room: undefined },
  );
  let abort: AbortController | undefined;

  const look = async (): Promise<void> => {
    const { quota = 0, usage = 0 } = await navigator.storage.estimate();
    store.dispatch({
      own: await models.list(),
      tokenizers: await models.tokenizers(),
      room: { used: usage, free: Math.max(0, quota - usage) },
    });
  };
  const tell = (own: readonly OwnModel[]): void =>
    studio.dispatch({
      kind: 'models',
      models: own.map(({ name, bytes, manifest }) => ({
        name,
        origin: 'files',
        bytes,
        defaults: manifest.defaults,
      })),
    });
  const say = (notice: string): void => studio.dispatch({ kind: 'notice', notices: [notice] });

  const add = async (picks: readonly Pick[]): Promise<void> => {
    const name = nameOf(picks);
    const control = new AbortController();
    abort = control;
    const total = picks.reduce((sum, { file }) => sum + file.size, 0);
    store.dispatch({ adding: { name, done: 0, total }, waiting: [] });
    try {
      const taken = studio.state().models.some((model) => model.name === name && model.origin === 'registry');
      const own = await models.add(picks, {
        name: taken ? `my-${name}` : name,
        signal: control.signal,
        onProgress: (done, all) => store.dispatch({ adding: { name, done, total: all } }),
      });
      tell([own]);
      say(`Model ${own.name} is added: ${own.description.family}. Nothing is uploaded.`);
    } catch (thrown) {
      if (control.signal.aborted) {
        say(`Adding ${name} was stopped. Nothing of it was kept.`);
        return;
      }
      // A tokenizer that is brought later lets the same files be added.
      if (isTokenizerError(thrown)) store.dispatch({ waiting: picks });
      studio.dispatch({ kind: 'fail', failure: failureOf(`Adding the model ${name}`, thrown) });
    } finally {
      if (abort === control) abort = undefined;
      store.dispatch({ adding: undefined });
      await look();
    }
  };

  return {
    store,
    async open() {
      await look();
      tell(store.state().own);
    },
    async bring(picks) {
      if (picks.length === 0) return;
      if (abort !== undefined) {
        say('One model at a time: wait until this one is added, or stop it.');
        return;
      }
      studio.dispatch({ kind: 'forgive' });
      if (picks.some(({ path }) => TENSOR_FILE.test(path))) return add(picks);
      try {
        const count = await models.rememberTokenizer(picks);
        if (count === undefined) {
          say(
            'No model among these files. Bring a checkpoint, a model’s folder, or vocab.json and merges.txt together.',
          );
          return;
        }
        say(`A tokenizer of ${count.toLocaleString('en')} tokens is remembered.`);
      } catch (thrown) {
        studio.dispatch({ kind: 'fail', failure: failureOf('Reading the tokenizer', thrown) });
        return;
      }
      await look();
      const { waiting } = store.state();
      if (waiting.length > 0) await add(waiting);
    },
    cancel: () => abort?.abort(),
    async remove(name) {
      await models.remove(name);
      studio.dispatch({ kind: 'forget-model', name });
      await look();
    },
  };
}
