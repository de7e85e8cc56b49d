// The playground's state, its verbs over a stand-in workshop, its compiler's clock, and what it keeps.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Workshop } from '../../client/studio/playground/build.ts';
import { createCompiler, type WorkerLike } from '../../client/studio/playground/compiler.ts';
import { parseWork } from '../../client/studio/playground/kept-work.ts';
import type { FromCompiler, ToCompiler } from '../../client/studio/playground/messages.ts';
import { createPlaygroundActions } from '../../client/studio/playground/playground-actions.ts';
import type { PlaygroundAction, Work } from '../../client/studio/playground/playground-state.ts';
import { firstPlayground, reducePlayground } from '../../client/studio/playground/playground-state.ts';
import { symbolsOf } from '../../client/studio/playground/symbols.ts';
import { createStore } from '../../client/studio/state/store.ts';
import { FIRST_STATE, reduce } from '../../client/studio/state/studio.ts';
import type { DrawRequest, StudioEngine } from '../../client/studio/state/tincture.ts';
import { TinctureError } from '../../plugins/contract/error.ts';

const SOURCE = 'assembly/index.ts';
const WORK: Work = {
  template: 'procedural',
  files: { [SOURCE]: 'let a = 1;' },
  entry: SOURCE,
  card: { name: 'mine', version: '0.1.0', title: 'Mine', author: 'me', licence: 'CC0-1.0', description: '' },
  contextWidth: 96,
};
const CURVE = { name: 'curve', default: 1, minimum: 0.25, maximum: 4 };
const ERROR = {
  file: SOURCE,
  line: 1,
  column: 5,
  length: 1,
  severity: 'error' as const,
  message: 'wrong',
  excerpt: 'let a = 1;',
};
const style = () => new File(['style'], 'mine.style');

describe('the state', () => {
  const run = (...actions: PlaygroundAction[]) => actions.reduce(reducePlayground, firstPlayground(WORK));
  const packed = { kind: 'packed', milliseconds: 5, bytes: 9 } as const;

  it('parameters stay over a build that still has them, inside their new range', () => {
    const state = run(
      { ...packed, packed: { file: style(), parameters: [CURVE, { ...CURVE, name: 'depth' }] } },
      { kind: 'value', name: 'curve', value: 3 },
      { kind: 'value', name: 'depth', value: 2 },
      { ...packed, packed: { file: style(), parameters: [{ ...CURVE, maximum: 2 }] } },
    );
    expect(state.values).toEqual({ curve: 2 });
  });

  it('errors make the build wrong and keep the style before; warnings do not', () => {
    const file = style();
    const state = run(
      { ...packed, packed: { file, parameters: [] } },
      { kind: 'problems', problems: [ERROR] },
    );
    expect(state.build).toEqual({ phase: 'wrong' });
    expect(state.packed?.file).toBe(file);
    const warned = run({ kind: 'problems', problems: [{ ...ERROR, severity: 'warning' }] });
    expect(warned.build.phase).toBe('waiting');
  });

  it('an edit counts for sources of one’s own only', () => {
    expect(run({ kind: 'edit', path: SOURCE, text: 'b' }).work.files[SOURCE]).toBe('b');
    const library = run({ kind: 'edit', path: 'plugins/sdk/assembly/index.ts', text: 'b' });
    expect(library.work).toBe(WORK);
  });

  it('new work keeps the picture that is there, and drops what belonged to the old', () => {
    const state = run(
      { kind: 'problems', problems: [ERROR] },
      { kind: 'begin', work: { ...WORK, template: 'blend' }, weights: [] },
    );
    expect(state).toMatchObject({ edition: 1, problems: [], packed: undefined, build: { phase: 'waiting' } });
  });
});

describe('the verbs', () => {
  const PICTURE = { width: 1, height: 1, pixels: new Uint8ClampedArray(4).fill(255) };

  function playground() {
    const workshop = {
      warm: true,
      compile: vi.fn<Workshop['compile']>(async () => ({
        wasm: new Uint8Array(9),
        diagnostics: [],
        milliseconds: 5,
      })),
      parametersOf: vi.fn<Workshop['parametersOf']>(async () => [CURVE]),
      pack: vi.fn<Workshop['pack']>(async ({ name }) => new File(['x'], `${name}.style`)),
    };
    const generate = vi.fn<StudioEngine['generate']>(async () => ({
      picture: PICTURE,
      png: new Uint8Array(1),
      parameters: '',
      seed: 1n,
      pictures: [],
      embeddings: [],
      notices: [],
    }));
    const engine = { generate } as unknown as StudioEngine;
    const store = createStore(reducePlayground, firstPlayground(WORK));
    const actions = createPlaygroundActions({
      store,
      workshop,
      studio: createStore(reduce, FIRST_STATE),
      actions: { engineFor: async () => engine, attempt: (_doing, work) => work() },
      tincture: { samplers: [], keep: async (bytes) => bytes.length.toString(16).padStart(64, '0') },
    });
    const styles = () => generate.mock.calls.map(([{ styles }]: [DrawRequest, ...unknown[]]) => styles);
    return { store, actions, workshop, generate, styles };
  }
  const settle = () => vi.waitFor(() => undefined);

  it('a build draws the picture with the style, and once without it', async () => {
    const { store, actions, styles } = playground();
    await actions.build();
    await vi.waitFor(() => expect(store.state().plain).toBeDefined());
    const { packed } = store.state();
    expect(styles()).toEqual([
      [{ style: { name: 'mine.style', file: packed?.file }, strength: 1, parameters: {} }],
      [],
    ]);
    await actions.draw();
    expect(styles()).toHaveLength(3);
    expect(store.state()).toMatchObject({ drawing: undefined, failure: undefined });
  });

  it('sources that do not compile draw nothing, and the picture before stays', async () => {
    const { store, actions, workshop, generate } = playground();
    await actions.build();
    await vi.waitFor(() => expect(store.state().plain).toBeDefined());
    const { now } = store.state();
    workshop.compile.mockResolvedValueOnce({ wasm: undefined, diagnostics: [ERROR], milliseconds: 5 });
    await actions.build();
    expect(store.state().build.phase).toBe('wrong');
    expect(store.state().now).toBe(now);
    expect(generate).toHaveBeenCalledTimes(2);
  });

  it('a module that is refused is told with its reason', async () => {
    const { store, actions, workshop } = playground();
    workshop.parametersOf.mockRejectedValueOnce(
      new TinctureError('plugin/invalid', 'imports are not allowed', { where: 'mine' }),
    );
    await actions.build();
    expect(store.state().build).toMatchObject({
      phase: 'refused',
      failure: { doing: 'Starting the plugin', code: 'plugin/invalid', advice: /Correct the source/ },
    });
  });

  it('a plugin that fails while drawing keeps the picture, and its own words are shown', async () => {
    const { store, actions, generate } = playground();
    await actions.build();
    await vi.waitFor(() => expect(store.state().plain).toBeDefined());
    const { now } = store.state();
    generate.mockRejectedValueOnce(new TinctureError('plugin/trap', 'unreachable', { where: 'style mine' }));
    await actions.draw();
    expect(store.state().now).toBe(now);
    expect(store.state().failure?.message).toMatch(/unreachable/);
    await actions.draw();
    expect(store.state().failure).toBeUndefined();
  });

  it('what is typed while a build runs is built next, and the older result counts no more', async () => {
    const { store, actions, workshop } = playground();
    const first = Promise.withResolvers<Awaited<ReturnType<Workshop['compile']>>>();
    workshop.compile.mockReturnValueOnce(first.promise);
    const building = actions.build();
    store.dispatch({ kind: 'edit', path: SOURCE, text: 'newer' });
    void actions.build();
    first.resolve({ wasm: undefined, diagnostics: [ERROR], milliseconds: 5 });
    await building;
    expect(workshop.compile.mock.calls.map(([{ files }]) => files[SOURCE])).toEqual(['let a = 1;', 'newer']);
    expect(store.state().problems).toEqual([]);
    expect(store.state().build.phase).toBe('done');
  });

  it('without drawing by itself nothing is drawn until it is asked for', async () => {
    const { store, actions, generate } = playground();
    store.dispatch({ kind: 'auto', auto: false });
    await actions.build();
    await settle();
    expect(generate).not.toHaveBeenCalled();
  });

  it('weights of one’s own are given to the plugin, and kept by their digest', async () => {
    const { store, actions, workshop } = playground();
    await actions.build();
    const file = { name: 'mine.safetensors', bytes: new Uint8Array(11) };
    await actions.bringWeights([file]);
    await vi.waitFor(() => expect(workshop.pack).toHaveBeenCalledTimes(2));
    expect(workshop.pack.mock.calls[1]![2].weights).toEqual([file]);
    const { work } = store.state();
    expect(work.weights).toEqual([{ name: 'mine.safetensors', sha256: 'b'.padStart(64, '0') }]);
    expect(parseWork(JSON.stringify(work))).toEqual(work);
    expect(parseWork(JSON.stringify({ ...work, weights: [{ name: 'x', sha256: '../x' }] }))).toBeUndefined();
  });

  it('the file to download has the picture as its preview, without its text', async () => {
    const { store, actions, workshop } = playground();
    expect(await actions.packed()).toBeUndefined();
    await actions.build();
    await vi.waitFor(() => expect(store.state().plain).toBeDefined());
    expect((await actions.packed())?.name).toBe('mine.style');
    const { previews } = workshop.pack.mock.calls.at(-1)![2];
    expect(previews).toHaveLength(1);
    expect(new TextDecoder('latin1').decode(previews[0]!.bytes)).not.toMatch(/tEXt|iTXt/);
  });
});

describe('the compiler', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Workers that say they are ready and answer only when told to. */
  function workers() {
    const made: { sent: ToCompiler[]; terminated: boolean; say(message: FromCompiler): void }[] = [];
    const spawn = (): WorkerLike => {
      const listeners: ((event: { readonly data: FromCompiler }) => void)[] = [];
      const worker = {
        sent: [] as ToCompiler[],
        terminated: false,
        say: (data: FromCompiler) => {
          for (const listener of listeners) listener({ data });
        },
      };
      made.push(worker);
      return {
        postMessage: (message) => void worker.sent.push(message),
        addEventListener: (kind: string, listener: (event: never) => void) => {
          if (kind === 'message')
            listeners.push(listener as (event: { readonly data: FromCompiler }) => void);
        },
        terminate: () => {
          worker.terminated = true;
        },
      };
    };
    return { made, spawn };
  }
  const request = { files: WORK.files, entry: SOURCE, library: {}, release: true };

  it('one that takes too long is ended, and the next compilation has a new one', async () => {
    const { made, spawn } = workers();
    const compiler = createCompiler(spawn, 1000);
    const slow = compiler.compile(request);
    const failure = expect(slow).rejects.toMatchObject({ code: 'playground/deadline' });
    // Being fetched costs nothing of its time.
    await vi.advanceTimersByTimeAsync(5000);
    made[0]!.say({ kind: 'ready' });
    await vi.advanceTimersByTimeAsync(1000);
    await failure;
    expect(made[0]!.terminated).toBe(true);

    const next = compiler.compile(request);
    made[1]!.say({ kind: 'ready' });
    await vi.advanceTimersByTimeAsync(0);
    const result = { wasm: undefined, diagnostics: [], milliseconds: 5 };
    made[1]!.say({ kind: 'compiled', id: made[1]!.sent[0]!.id, result });
    expect(await next).toEqual(result);
    await vi.advanceTimersByTimeAsync(5000);
    expect(made[1]!.terminated).toBe(false);
  });

  it('an error of the kit keeps its code and words', async () => {
    const { made, spawn } = workers();
    const compiling = createCompiler(spawn).compile(request);
    const failure = expect(compiling).rejects.toMatchObject({ code: 'kit/sources', message: 'no entry' });
    made[0]!.say({ kind: 'ready' });
    await vi.advanceTimersByTimeAsync(0);
    made[0]!.say({ kind: 'failed', id: 0, fault: { code: 'kit/sources', message: 'no entry' } });
    await failure;
  });
});

it('kept work is taken back only when it is whole', () => {
  expect(parseWork(JSON.stringify(WORK))).toEqual(WORK);
  const broken = [
    { ...WORK, entry: 'other.ts' },
    { ...WORK, files: { [SOURCE]: 3 } },
    { ...WORK, card: { name: 'mine' } },
    { ...WORK, contextWidth: '96' },
    [WORK],
  ];
  for (const work of broken) expect(parseWork(JSON.stringify(work))).toBeUndefined();
  for (const json of [null, '', '{']) expect(parseWork(json)).toBeUndefined();
});

it('the SDK’s exports are found with their signatures and words', () => {
  const library = {
    'sdk/index.ts': "export { scale, Grid } from './other';\nexport function marker(): void {}\n",
    'sdk/other.ts':
      '/** Multiplies in place.\n * Over two lines.\n *\n * More. */\nexport function scale(x: usize, by: f32): void {}\n' +
      '/** Not for authors. */\nexport function hidden(): void {}\nexport class Grid {}\n',
  };
  expect(symbolsOf(library, 'sdk/index.ts')).toEqual([
    { name: 'Grid', kind: 'class', signature: 'Grid', words: '' },
    { name: 'marker', kind: 'function', signature: 'marker(): void', words: '' },
    {
      name: 'scale',
      kind: 'function',
      signature: 'scale(x: usize, by: f32): void',
      words: 'Multiplies in place. Over two lines.',
    },
  ]);
});
