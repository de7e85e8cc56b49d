// The one engine of the page: opened when first needed, shared by all who draw, replaced with another model or backend.
import { failureOf, isAbort } from './failure.ts';
import type { Store } from './store.ts';
import type { StudioAction, StudioState } from './studio.ts';
import type { DroppedModel, EngineProgress, StudioEngine, Tincture } from './tincture.ts';

export interface EngineKeeper {
  /** Opens the chosen model unless it is open; undefined where it could not be, which the store then says. */
  load(): Promise<StudioEngine | undefined>;
  /** Ends the engine and a loading under way; the next picture loads again. */
  dismiss(): Promise<void>;
  /** Ends a loading under way, and nothing else. */
  stop(): void;
  /** Files to use for the model of this name, instead of the registry's. */
  bring(name: string, model: DroppedModel): void;
  /** The chosen model: its name, or the files that were brought for it. */
  chosen(): string | DroppedModel;
}

export function createEngineKeeper(
  store: Store<StudioState, StudioAction>,
  tincture: Pick<Tincture, 'openEngine'>,
): EngineKeeper {
  let engine: StudioEngine | undefined;
  let opening:
    | { readonly promise: Promise<StudioEngine | undefined>; readonly abort: AbortController }
    | undefined;
  const brought = new Map<string, DroppedModel>();

  const chosen = (): string | DroppedModel => {
    const { model } = store.state();
    return brought.get(model) ?? model;
  };

  const open = async (abort: AbortController): Promise<StudioEngine | undefined> => {
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
        chosen(),
        wantedBackend === 'auto' ? undefined : wantedBackend,
        { signal: abort.signal, onProgress },
      );
      if (abort.signal.aborted) {
        await opened.close();
        return undefined;
      }
      engine = opened;
      const { backend, backendReason: reason, model: facts } = opened;
      store.dispatch({ kind: 'press', press: { phase: 'ready', backend, reason, facts } });
      return opened;
    } catch (thrown) {
      if (abort.signal.aborted || isAbort(thrown)) {
        if (opening?.abort === abort) store.dispatch({ kind: 'press', press: { phase: 'empty' } });
        return undefined;
      }
      store.dispatch({ kind: 'press', press: { phase: 'failed' } });
      store.dispatch({ kind: 'fail', failure: failureOf(`Loading the model ${model}`, thrown) });
      return undefined;
    }
  };

  return {
    load() {
      if (engine !== undefined) return Promise.resolve(engine);
      if (opening === undefined) {
        const abort = new AbortController();
        const promise = open(abort).finally(() => {
          if (opening?.abort === abort) opening = undefined;
        });
        opening = { promise, abort };
      }
      return opening.promise;
    },
    async dismiss() {
      opening?.abort.abort();
      opening = undefined;
      const old = engine;
      engine = undefined;
      await old?.close();
    },
    stop() {
      opening?.abort.abort();
    },
    bring(name, model) {
      brought.set(name, model);
    },
    chosen,
  };
}
