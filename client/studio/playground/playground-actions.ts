// What the user can make the playground do: each verb drives the compiler or the engine and tells the store.
import { encodePng } from '../../index.ts';
import { requestOf } from '../state/draw-request.ts';
import type { Failure } from '../state/failure.ts';
import { failureOf, isAbort } from '../state/failure.ts';
import { PIXEL_MULTIPLE, settingsFault } from '../state/settings.ts';
import type { Store } from '../state/store.ts';
import type { StudioAction, StudioState } from '../state/studio.ts';
import type { StudioActions } from '../state/studio-actions.ts';
import type { DrawRequest, StudioEngine, Tincture } from '../state/tincture.ts';
import type { Workshop } from './build.ts';
import type { PlaygroundAction, PlaygroundState, Proof, WeightsFile, Work } from './playground-state.ts';

/** Typing pauses this long before the sources are compiled. */
const TYPING_PAUSE_MS = 400;
/** A slider rests this long before the picture is drawn. */
const SLIDER_PAUSE_MS = 250;

export interface PlaygroundActions {
  /** Replaces sources and weights, and builds them. */
  begin(work: Work, weights: readonly WeightsFile[]): void;
  edit(path: string, text: string): void;
  /** Builds the sources as they are now, at once. */
  build(): Promise<void>;
  setStrength(strength: number): void;
  setValue(name: string, value: number): void;
  setWeights(weights: readonly WeightsFile[]): void;
  /** The same for weights that the user brought: they are kept on this device too. */
  bringWeights(weights: readonly WeightsFile[]): Promise<void>;
  /** Draws after a moment, where pictures are drawn by themselves; for changes of prompt and seed. */
  redrawSoon(): void;
  /** Draws the current picture with the style, and without it where that is not at hand. */
  draw(): Promise<void>;
  stop(): void;
  /** The style as one file, with the newest picture as its preview. Throws what packing throws. */
  packed(): Promise<File | undefined>;
}

export interface PlaygroundParts {
  readonly store: Store<PlaygroundState, PlaygroundAction>;
  readonly workshop: Workshop;
  readonly studio: Store<StudioState, StudioAction>;
  readonly actions: Pick<StudioActions, 'engineFor' | 'attempt'>;
  readonly tincture: Pick<Tincture, 'samplers' | 'keep'>;
}

export function createPlaygroundActions(parts: PlaygroundParts): PlaygroundActions {
  const { store, workshop, studio, actions, tincture } = parts;
  let wasm: Uint8Array<ArrayBuffer> | undefined;
  let building: Promise<void> | undefined;
  let stale = false;
  let drawing: AbortController | undefined;
  let typing: ReturnType<typeof setTimeout> | undefined;
  let sliding: ReturnType<typeof setTimeout> | undefined;

  const contextWidth = (): number => {
    const { press } = studio.state();
    return press.phase === 'ready' ? press.facts.contextWidth : store.state().work.contextWidth;
  };

  const buildOnce = async (): Promise<void> => {
    const { work, weights } = store.state();
    store.dispatch({ kind: 'compiling', first: !workshop.warm });
    let doing = 'Compiling';
    try {
      const result = await workshop.compile(work);
      // Newer sources are waiting: what these say no longer counts.
      if (stale) return;
      store.dispatch({ kind: 'problems', problems: result.diagnostics });
      if (result.wasm === undefined) return;
      doing = 'Starting the plugin';
      const parameters = await workshop.parametersOf(work.card.name, result.wasm);
      doing = 'Packing the style';
      const packing = { wasm: result.wasm, parameters, weights, previews: [] };
      const file = await workshop.pack(work.card, contextWidth(), packing);
      if (stale) return;
      wasm = result.wasm;
      const { milliseconds } = result;
      store.dispatch({ kind: 'packed', packed: { file, parameters }, milliseconds, bytes: wasm.length });
      if (store.state().auto) void draw();
    } catch (thrown) {
      if (!stale) store.dispatch({ kind: 'refused', failure: pluginFailure(doing, thrown) });
    }
  };

  /** One build at a time; what changes meanwhile is built next. */
  const build = (): Promise<void> => {
    clearTimeout(typing);
    if (building !== undefined) {
      stale = true;
      return building;
    }
    building = (async () => {
      do {
        stale = false;
        await buildOnce();
      } while (stale);
    })().finally(() => {
      building = undefined;
    });
    return building;
  };

  const draw = async (): Promise<void> => {
    clearTimeout(sliding);
    const { packed } = store.state();
    if (packed === undefined) return;
    drawing?.abort();
    const abort = new AbortController();
    drawing = abort;
    store.dispatch({ kind: 'drawing', drawing: { stage: 'model', message: 'preparing' } });
    try {
      const engine = await actions.engineFor(abort.signal);
      if (engine === undefined) return;
      const { settings: whole, press, embeddings } = studio.state();
      const settings = { ...whole, batchSize: 1, batchCount: 1 };
      const fault = settingsFault(
        { ...settings, seedLocked: true },
        press.phase === 'ready' ? press.facts.pixelMultiple : PIXEL_MULTIPLE,
      );
      if (fault !== undefined) {
        store.dispatch({
          kind: 'fail',
          failure: { doing: 'Drawing the picture', message: fault, advice: '', code: '' },
        });
        return;
      }
      const { strength, values } = store.state();
      const { file } = packed;
      const use = { style: { name: file.name, file }, strength, parameters: values };
      const now = await proof(engine, requestOf(settings, [use], tincture, embeddings), abort.signal);
      store.dispatch({ kind: 'drawn', now });
      const plain = requestOf(settings, [], tincture, embeddings);
      if (store.state().plain?.key !== keyOf(plain)) {
        store.dispatch({ kind: 'plain', plain: await proof(engine, plain, abort.signal) });
      }
    } catch (thrown) {
      if (abort.signal.aborted || isAbort(thrown)) return;
      store.dispatch({ kind: 'fail', failure: pluginFailure('Drawing with this plugin', thrown) });
    } finally {
      if (drawing === abort) {
        drawing = undefined;
        store.dispatch({ kind: 'drawing', drawing: undefined });
      }
    }
  };

  const proof = async (engine: StudioEngine, request: DrawRequest, signal: AbortSignal): Promise<Proof> => {
    const started = performance.now();
    const { picture, notices } = await engine.generate(request, {
      signal,
      onProgress: (progress) => {
        if (!signal.aborted) store.dispatch({ kind: 'drawing', drawing: progress });
      },
    });
    return { picture, notices, key: keyOf(request), milliseconds: performance.now() - started };
  };

  const setWeights = (weights: readonly WeightsFile[]): void => {
    store.dispatch({ kind: 'weights', weights });
    void build();
  };

  const redrawSoon = (): void => {
    clearTimeout(sliding);
    if (store.state().auto) sliding = setTimeout(() => void draw(), SLIDER_PAUSE_MS);
  };

  return {
    build,
    draw,
    redrawSoon,
    begin(work, weights) {
      drawing?.abort();
      store.dispatch({ kind: 'begin', work, weights });
      void build();
    },
    edit(path, text) {
      const before = store.state();
      store.dispatch({ kind: 'edit', path, text });
      if (store.state() === before) return;
      clearTimeout(typing);
      typing = setTimeout(() => void build(), TYPING_PAUSE_MS);
    },
    setStrength(strength) {
      store.dispatch({ kind: 'strength', strength });
      redrawSoon();
    },
    setValue(name, value) {
      store.dispatch({ kind: 'value', name, value });
      redrawSoon();
    },
    setWeights,
    async bringWeights(weights) {
      setWeights(weights);
      await actions.attempt('Keeping the weights on this device', async () => {
        const kept = await Promise.all(
          weights.map(async ({ name, bytes }) => ({ name, sha256: await tincture.keep(bytes, name) })),
        );
        store.dispatch({ kind: 'kept', weights: kept });
      });
    },
    stop() {
      drawing?.abort();
    },
    async packed() {
      const { work, packed, weights, now } = store.state();
      if (packed === undefined || wasm === undefined) return undefined;
      // Without the text that a saved picture carries: a prompt is not to travel with the style unasked.
      const previews = now === undefined ? [] : [{ name: 'preview.png', bytes: encodePng(now.picture) }];
      const { parameters } = packed;
      return workshop.pack(work.card, contextWidth(), { wasm, parameters, weights, previews });
    },
  };
}

/** Words for a failure of the author's own plugin: it is the source that can be corrected, here and now. */
function pluginFailure(doing: string, thrown: unknown): Failure {
  const failure = failureOf(doing, thrown);
  if (failure.advice === '' || !failure.code.startsWith('plugin/')) return failure;
  return { ...failure, advice: 'The plugin was ended and the picture before it stays. Correct the source.' };
}

/** A name for all that a request without files draws from; with files, the file's name and size stand for it. */
function keyOf(request: DrawRequest): string {
  return JSON.stringify(request, (_key, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    return value instanceof File ? [value.name, value.size, value.lastModified] : value;
  });
}
