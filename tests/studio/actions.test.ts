// The studio's verbs over a stand-in library: loading, drawing, stopping, failing, and dropped files.
import { describe, expect, it, vi } from 'vitest';
import { sortFiles } from '../../client/studio/state/drops.ts';
import { createStore } from '../../client/studio/state/store.ts';
import { FIRST_STATE, reduce } from '../../client/studio/state/studio.ts';
import { createActions } from '../../client/studio/state/studio-actions.ts';
import type { ShelfStyle } from '../../client/studio/state/styles.ts';
import { STRENGTH } from '../../client/studio/state/styles.ts';
import type {
  DrawRequest,
  ModelListing,
  StudioEngine,
  Tincture,
  WorkOptions,
} from '../../client/studio/state/tincture.ts';
import { TinctureError } from '../../plugins/contract/error.ts';

const PICTURE = {
  picture: { width: 1, height: 1, pixels: new Uint8ClampedArray(4) },
  png: new Uint8Array(1),
  parameters: '',
  seed: 7n,
};
const RESULT = { ...PICTURE, pictures: [PICTURE], embeddings: [], notices: [] };
const resultOf = (seed: bigint) => ({ ...RESULT, seed, pictures: [{ ...PICTURE, seed }] });

const SHELVED: ShelfStyle = {
  id: 'registry:fade',
  name: 'fade',
  title: 'Fade',
  description: '',
  origin: 'registry',
  triggerWords: [],
  strength: STRENGTH,
};

const REGISTERED = { name: 'far-brush', words: ['far-brush'], vectors: 2, width: 96, sha256: 'f'.repeat(64) };
const WORD = { words: ['brush'], vectors: 3, width: 96, sha256: 'ab12' };

/** A studio whose engine does what `generate` says. */
function studio(generate: StudioEngine['generate'] = async ({ seed }) => resultOf(seed), bytes = 100) {
  const engine = {
    backend: 'wasm' as const,
    backendReason: 'for the test',
    model: { hash: '', pixelMultiple: 8, contextWidth: 96, textLayers: 12, selfAttentionWidths: [64] },
    generate: vi.fn(generate),
    close: vi.fn(async () => {}),
  };
  const openEngine = vi.fn<Tincture['openEngine']>(async () => engine);
  const listModels = vi.fn<Tincture['listModels']>(async () => [
    { name: 'pictograms', bytes, defaults: { steps: 20, sampler: 'ddim' } },
  ]);
  const tincture: Tincture = {
    samplers: [{ name: 'ddim', title: 'DDIM', ownTimesteps: true }],
    schedules: [],
    upscalers: [],
    openEngine,
    modelSource: async (model) => model,
    defaultsOf: () => ({ steps: 5 }),
    listModels,
    findStyles: async () => [],
    findEmbeddings: async () => [REGISTERED],
    blob: async () => new Blob(),
    styleWeights: async (name) => new File([], name),
    describeStyle: async (file) => {
      if (file.size === 0) throw new TinctureError('format/truncated', 'is empty', { where: file.name });
      return {
        id: `file:${file.name}`,
        name: file.name,
        title: file.name,
        description: '',
        origin: 'file',
        file,
        triggerWords: [],
        strength: STRENGTH,
      };
    },
    describeEmbedding: async (file) =>
      file.name.startsWith('word') ? { ...WORD, name: file.name, file } : undefined,
    isModel: async ({ name }) => name.startsWith('checkpoint'),
    readPicture: async () => PICTURE.picture,
    readParameters: () => undefined,
    keep: async () => '',
    kept: async () => undefined,
    stored: async () => [],
    forget: async () => {},
    forgetAll: async () => {},
  };
  const store = createStore(reduce, FIRST_STATE);
  const toModels = vi.fn<(file: File) => void>();
  const actions = createActions(store, tincture, false, toModels);
  return { store, engine, openEngine, listModels, tincture, toModels, actions };
}

/** Draws until its signal stops it. */
const untilStopped = (_request: DrawRequest, options: WorkOptions = {}) =>
  new Promise<never>((_resolve, reject) => {
    options.signal?.addEventListener('abort', () => reject(options.signal?.reason));
  });

describe('loading', () => {
  it('a small model is loaded when the page opens, a large one with the first drawing', async () => {
    const small = studio();
    await small.actions.open();
    expect(small.store.state().press).toMatchObject({
      phase: 'ready',
      backend: 'wasm',
      reason: 'for the test',
    });
    const large = studio(undefined, 4e9);
    await large.actions.open();
    expect(large.openEngine).not.toHaveBeenCalled();
    await large.actions.draw();
    expect(large.openEngine).toHaveBeenCalledTimes(1);
    expect(large.store.state().prints).toHaveLength(1);
  });

  it('another backend closes the engine and opens it anew with that backend', async () => {
    const { actions, engine, openEngine } = studio();
    await actions.open();
    actions.chooseBackend('wasm');
    await actions.load();
    expect(engine.close).toHaveBeenCalledTimes(1);
    expect(openEngine.mock.calls.map(([, backend]) => backend)).toEqual([undefined, 'wasm']);
  });

  it('a failure is told in words and the next drawing tries again', async () => {
    const { actions, store, openEngine } = studio();
    openEngine.mockRejectedValueOnce(new TinctureError('registry/offline', 'the server did not answer'));
    await actions.open();
    expect(store.state().press).toEqual({ phase: 'failed' });
    expect(store.state().failure).toMatchObject({
      doing: 'Loading the model pictograms',
      code: 'registry/offline',
    });
    await actions.draw();
    expect(store.state().prints).toHaveLength(1);
  });
});

describe('drawing before the list of models is there', () => {
  it('waits for the list, says so, and then draws with what the model proposes', async () => {
    const { actions, store, engine, listModels } = studio();
    const list = Promise.withResolvers<readonly ModelListing[]>();
    listModels.mockReturnValueOnce(list.promise);
    const drawing = actions.draw();
    expect(store.state().drawing?.message).toBe('waiting for the list of models');
    const opening = actions.open();
    await Promise.resolve();
    expect(store.state().notices).toEqual([]);
    list.resolve([{ name: 'late', bytes: 1, defaults: { steps: 3 } }]);
    await Promise.all([drawing, opening]);
    expect(listModels).toHaveBeenCalledTimes(1);
    expect(engine.generate.mock.calls.map(([{ steps }]) => steps)).toEqual([3]);
    expect(store.state().prints.map(({ model }) => model)).toEqual(['late']);
  });

  it('can be stopped while it waits', async () => {
    const { actions, store, listModels } = studio();
    listModels.mockReturnValueOnce(new Promise(() => {}));
    void actions.open();
    const drawing = actions.draw();
    actions.stop();
    await drawing;
    expect(store.state()).toMatchObject({ drawing: undefined, prints: [], failure: undefined });
    expect(store.state().notices[0]).toMatch(/^Stopped/);
  });

  it('a list that fails is told, and asked for again by the next drawing', async () => {
    const { actions, store, listModels } = studio();
    listModels.mockRejectedValueOnce(new TinctureError('registry/offline', 'the server did not answer'));
    await actions.open();
    expect(store.state().failure).toMatchObject({ doing: 'Reading the list of models' });
    await actions.draw();
    expect(store.state().failure).toBeUndefined();
    expect(store.state().prints).toHaveLength(1);
  });

  it('an empty list is the only reason to say that there is no model', async () => {
    const { actions, store, listModels } = studio();
    listModels.mockResolvedValue([]);
    await actions.open();
    await actions.draw();
    expect(store.state().drawing).toBeUndefined();
    expect(store.state().notices[0]).toMatch(/There is no model yet/);
  });
});

describe('drawing', () => {
  it('hands a style’s parameters to the engine, those at their default left out', async () => {
    const { actions, store, engine } = studio();
    await actions.open();
    const curve = { name: 'curve', default: 1, minimum: 0.25, maximum: 4 };
    const style = { ...SHELVED, parameters: [curve] };
    store.dispatch({ kind: 'shelve', styles: [style] });
    store.dispatch({ kind: 'take', id: style.id });
    store.dispatch({ kind: 'parameter', id: style.id, name: 'curve', value: 9 });
    await actions.draw();
    store.dispatch({ kind: 'parameter', id: style.id, name: 'curve', value: 1 });
    await actions.draw();
    expect(engine.generate.mock.calls.map(([{ styles }]) => styles)).toEqual([
      [{ style: 'fade', strength: 1, parameters: { curve: 4 } }],
      [{ style: 'fade', strength: 1 }],
    ]);
  });

  it('an unlocked seed is thrown anew for each picture, a locked one is kept', async () => {
    const { actions, store, engine } = studio();
    await actions.open();
    store.dispatch({ kind: 'set', settings: { seed: '18446744073709551615', seedLocked: true } });
    await actions.draw();
    expect(engine.generate.mock.calls[0]![0].seed).toBe(18446744073709551615n);
    store.dispatch({ kind: 'set', settings: { seedLocked: false } });
    await actions.draw();
    await actions.draw();
    const seeds = engine.generate.mock.calls.map(([{ seed }]) => seed);
    expect(new Set(seeds).size).toBe(3);
    expect(store.state().prints.map(({ settings }) => BigInt(settings.seed))).toEqual(seeds);
  });

  it('a sampler with timesteps of its own gets no schedule', async () => {
    const { actions, store, engine } = studio();
    await actions.open();
    store.dispatch({ kind: 'set', settings: { schedule: 'karras' } });
    await actions.draw();
    expect(engine.generate.mock.calls[0]![0]).not.toHaveProperty('schedule');
  });

  it('a batch becomes as many prints, each with the settings that draw it alone', async () => {
    const { actions, store } = studio(async () => ({
      ...RESULT,
      pictures: [7n, 8n].map((seed) => ({ ...PICTURE, seed })),
    }));
    await actions.open();
    const batch = { batchSize: 2, variationStrength: 0.5, variationSeed: '40' };
    store.dispatch({ kind: 'set', settings: batch });
    await actions.draw();
    expect(store.state().prints.map(({ settings }) => settings)).toMatchObject([
      { seed: '7', variationSeed: '40', batchSize: 1 },
      { seed: '8', variationSeed: '41', batchSize: 1 },
    ]);
    expect(store.state().settings.batchSize).toBe(2);
  });

  it('embeddings at hand go with the request, and those used stay with the print', async () => {
    const { actions, store, engine } = studio(async () => ({ ...RESULT, embeddings: ['word'] }));
    await actions.open();
    await actions.bring([new File(['x'], 'word'), new File(['x'], 'word.png'), new File(['x'], 'words.bin')]);
    expect(store.state().embeddings.map(({ name }) => name)).toEqual(['far-brush', 'words.bin', 'word.png']);
    store.dispatch({ kind: 'embed', embeddings: [{ ...WORD, name: 'word', file: new File([], 'word.pt') }] });
    store.dispatch({ kind: 'drop-embedding', name: 'word.png' });
    await actions.draw();
    // The registry's goes only where a prompt says its name, for it is fetched then.
    const asked = () =>
      engine.generate.mock.lastCall![0].embeddings?.map((it) => (typeof it === 'string' ? it : it.name));
    expect(asked()).toEqual(['words.bin', 'word']);
    store.dispatch({ kind: 'set', settings: { prompt: 'apple, Far-Brush' } });
    await actions.draw();
    expect(asked()).toEqual(['far-brush', 'words.bin', 'word']);
    expect(store.state().prints[0]!.embeddings.map(({ name }) => name)).toEqual(['word']);
  });

  it('stopping ends it without a failure, and the next picture is drawn', async () => {
    const { actions, store, engine } = studio(untilStopped);
    await actions.open();
    const drawing = actions.draw();
    await vi.waitFor(() => expect(engine.generate).toHaveBeenCalled());
    expect(store.state().drawing).toBeDefined();
    actions.stop();
    await drawing;
    expect(store.state()).toMatchObject({ drawing: undefined, failure: undefined, prints: [] });
    engine.generate.mockResolvedValueOnce(RESULT);
    await actions.draw();
    expect(store.state().prints).toHaveLength(1);
  });

  it('what cannot be drawn is told before the engine is asked', async () => {
    const { actions, store, engine } = studio();
    await actions.open();
    store.dispatch({ kind: 'set', settings: { width: 63 } });
    await actions.draw();
    expect(engine.generate).not.toHaveBeenCalled();
    expect(store.state().notices[0]).toMatch(/width must be a multiple of 8/);
  });

  it('a failed drawing keeps the engine', async () => {
    const { actions, store, openEngine } = studio(async () => {
      throw new TinctureError('plugin/trap', 'unreachable', { where: 'style neon' });
    });
    await actions.open();
    await actions.draw();
    expect(store.state().failure).toMatchObject({ doing: 'Drawing the picture', code: 'plugin/trap' });
    expect(store.state().press.phase).toBe('ready');
    expect(openEngine).toHaveBeenCalledTimes(1);
  });

  it('a print’s settings come back with its styles and its seed locked', async () => {
    const { actions, store } = studio();
    await actions.open();
    store.dispatch({ kind: 'set', settings: { prompt: 'owl' } });
    await actions.bring([new File(['x'], 'ink.pt')]);
    await actions.draw();
    const { seed } = store.state().settings;
    store.dispatch({ kind: 'set', settings: { prompt: 'fox', seed: '5' } });
    store.dispatch({ kind: 'put-back', id: 'file:ink.pt' });
    actions.useSettings(1);
    expect(store.state().settings).toMatchObject({ prompt: 'owl', seed, seedLocked: true });
    expect(store.state().inUse).toEqual([{ id: 'file:ink.pt', strength: 1 }]);
  });
});

describe('dropped files', () => {
  const model = {
    'model.json': JSON.stringify({
      name: 'mine',
      checkpoint: 'weights.safetensors',
      tokenizer: { vocab: 'vocab.json', merges: 'merges.txt' },
    }),
    'weights.safetensors': 'w',
    'vocab.json': '{}',
    'merges.txt': 'a b',
  };
  const files = Object.entries(model).map(([name, text]) => new File([text], name));

  it('are sorted by what they are', async () => {
    const names = (list: readonly File[]) => list.map(({ name }) => name);
    const sorted = await sortFiles(
      ['a.pt', 'b.SAFETENSORS', 'c.png', 'd.txt', 'e.style', 'f.ckpt', 'g.JPG'].map(
        (name) => new File([], name),
      ),
    );
    expect(names(sorted.styles)).toEqual(['a.pt', 'b.SAFETENSORS', 'e.style', 'f.ckpt']);
    expect(names(sorted.pictures)).toEqual(['c.png', 'g.JPG']);
    expect(names(sorted.unknown)).toEqual(['d.txt']);
    expect(names((await sortFiles(files)).model)).toEqual(Object.keys(model));
  });

  it('a style file is told by its content, whatever it is called', async () => {
    // A zip's local header, whose first entry is the manifest.
    const head = new Uint8Array(64);
    head.set(new TextEncoder().encode('PK\x03\x04'));
    head.set(new TextEncoder().encode('style.json'), 30);
    const sorted = await sortFiles([new File([head], 'download'), new File([head.fill(7, 30, 31)], 'other')]);
    expect(sorted.styles.map(({ name }) => name)).toEqual(['download']);
    expect(sorted.unknown.map(({ name }) => name)).toEqual(['other']);
  });

  it('a style is in use at once, with its file in the request', async () => {
    const { actions, store, engine } = studio();
    await actions.open();
    const file = new File(['x'], 'ink.pt');
    await actions.bring([file]);
    await actions.draw();
    expect(engine.generate.mock.calls[0]![0].styles).toEqual([
      { style: { name: 'ink.pt', file }, strength: 1 },
    ]);
    expect(store.state().notices).toEqual([]);
  });

  it('a whole model is brought to the page of models', async () => {
    const { actions, store, toModels } = studio();
    const file = new File(['x'], 'checkpoint.safetensors');
    await actions.bring([file]);
    expect(toModels.mock.calls).toEqual([[file]]);
    expect(store.state().inUse).toEqual([]);
    expect(store.state().failure).toBeUndefined();
  });

  it('a broken style is a failure by its name, and the others are still used', async () => {
    const { actions, store } = studio();
    await actions.bring([new File([], 'empty.pt'), new File(['x'], 'good.pt')]);
    expect(store.state().failure).toMatchObject({ doing: 'Reading empty.pt', code: 'format/truncated' });
    expect(store.state().inUse.map(({ id }) => id)).toEqual(['file:good.pt']);
  });

  it('a model’s files become the model that is loaded', async () => {
    const { actions, store, openEngine } = studio();
    await actions.open();
    await actions.bring(files);
    expect(store.state().model).toBe('mine (your files)');
    expect(store.state().settings.steps).toBe(5);
    expect(openEngine.mock.calls.at(-1)![0]).toMatchObject({ vocab: '{}', merges: 'a b' });
  });

  it('a model with a file missing says which', async () => {
    const { actions, store } = studio();
    await actions.bring(files.filter(({ name }) => name !== 'merges.txt'));
    expect(store.state().failure?.message).toMatch(/the file of the merges is missing; expected merges\.txt/);
  });

  it('what is no use is named', async () => {
    const { actions, store } = studio();
    await actions.bring([new File(['x'], 'notes.doc')]);
    expect(store.state().notices[0]).toMatch(/notes\.doc: not a file that the studio can use/);
  });
});
