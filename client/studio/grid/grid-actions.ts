// What the user can make the grid's page do: draw, stop, and open a picture of the grid among the session's.
import { TinctureError } from '../../index.ts';
import { drawGrid } from '../../kit/grid.ts';
import type { Studio } from '../components/studio-context.ts';
import { requestOf, usesOf } from '../state/draw-request.ts';
import { failureOf, isAbort } from '../state/failure.ts';
import { restoreFrom } from '../state/restore.ts';
import { PIXEL_MULTIPLE, settingsFault, throwSeed } from '../state/settings.ts';
import type { Store } from '../state/store.ts';
import { axisOf } from './grid-form.ts';
import type { GridAction, GridState } from './grid-state.ts';

export interface GridActions {
  draw(): Promise<void>;
  /** Keeps what is drawn so far on the page. */
  stop(): void;
  /** Puts a picture of the grid among the session's; gives its number there. */
  open(place: string): number | undefined;
}

export function createGridActions(store: Store<GridState, GridAction>, studio: Studio): GridActions {
  let underway: AbortController | undefined;

  const drawOnce = async (signal: AbortSignal): Promise<void> => {
    const { store: main, tincture } = studio;
    const state = main.state();
    const { x: forX, y: forY } = store.state();
    const x = axisOf(forX, 'Columns:', state);
    const y = axisOf(forY, 'Rows:', state);
    if (x === undefined) throw new TinctureError('kit/grid', 'choose what the columns show');
    store.dispatch({
      kind: 'begin',
      sheet: { x, y, cells: new Map(), model: state.model, start: state.start, png: undefined },
    });
    const engine = await studio.actions.engineFor(signal);
    if (engine === undefined) {
      store.dispatch({ kind: 'stopped' });
      return;
    }
    const { seedLocked, seed } = state.settings;
    const settings = {
      ...state.settings,
      batchSize: 1,
      batchCount: 1,
      seed: seedLocked ? seed : throwSeed(),
    };
    const fault = settingsFault(settings, engine.model.pixelMultiple ?? PIXEL_MULTIPLE);
    if (fault !== undefined) throw new TinctureError('kit/grid', fault);
    if (!seedLocked) main.dispatch({ kind: 'set', settings: { seed: settings.seed } });
    const base = {
      ...requestOf(settings, usesOf(state.inUse, state.shelf), tincture, state.embeddings, state.start),
      previewEvery: 0,
    };
    const larger = base.hires?.scale ?? 1;
    let started = performance.now();
    const { png, notices } = await drawGrid(base, x, y, {
      size: { width: settings.width * larger, height: settings.height * larger },
      generate: (request, options) => engine.generate(request, options),
      signal,
      onProgress: (done, cells, progress) => {
        if (progress === undefined) started = performance.now();
        const step =
          progress?.stage === 'unet' && progress.total !== undefined
            ? `, step ${progress.done ?? 0} of ${progress.total}`
            : '';
        store.dispatch({
          kind: 'progress',
          drawing: `picture ${Math.min(done + 1, cells)} of ${cells}${step}`,
        });
      },
      onCell: ({ row, column }, { picture, png: alone, parameters }) => {
        const milliseconds = performance.now() - started;
        const cell = { picture, png: alone, parameters, milliseconds, print: undefined };
        store.dispatch({ kind: 'cell', place: `${row},${column}`, cell });
      },
    });
    store.dispatch({ kind: 'done', png, notices });
  };

  return {
    async draw() {
      if (underway !== undefined) return;
      const abort = new AbortController();
      underway = abort;
      try {
        await drawOnce(abort.signal);
      } catch (thrown) {
        if (abort.signal.aborted || isAbort(thrown)) store.dispatch({ kind: 'stopped' });
        else store.dispatch({ kind: 'fail', failure: failureOf('Drawing the grid', thrown) });
      } finally {
        underway = undefined;
      }
    },
    stop() {
      store.dispatch({ kind: 'progress', drawing: 'stopping after this step' });
      underway?.abort();
    },
    open(place) {
      const { sheet } = store.state();
      const cell = sheet?.cells.get(place);
      if (sheet === undefined || cell === undefined) return undefined;
      if (cell.print !== undefined) return cell.print;
      const { store: main, tincture } = studio;
      const state = main.state();
      // The picture's own text knows what it was drawn with, whatever the form says by now.
      const drawn = tincture.readParameters(cell.png);
      if (drawn === undefined) return undefined;
      const { settings, inUse } = restoreFrom(drawn, state, tincture);
      const { picture, png, parameters, milliseconds } = cell;
      const embeddings = state.embeddings.filter(({ name }) => name in drawn.embeddings);
      main.dispatch({
        kind: 'collect',
        print: {
          picture,
          png,
          parameters,
          settings,
          styles: inUse,
          embeddings,
          start: sheet.start,
          model: sheet.model,
          milliseconds,
        },
      });
      const number = main.state().prints.length;
      store.dispatch({ kind: 'cell', place, cell: { ...cell, print: number } });
      return number;
    },
  };
}
