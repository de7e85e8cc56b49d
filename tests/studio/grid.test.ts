// The studio's grid: axes of its form, the pictures that they make, and one that joins the session's.
import { describe, expect, it, vi } from 'vitest';
import { readPngText } from '../../client/formats/png-text.ts';
import { encodePng } from '../../client/index.ts';
import type { Studio } from '../../client/studio/components/studio-context.ts';
import { createGridActions } from '../../client/studio/grid/grid-actions.ts';
import { axisOf, FIRST_AXIS, NO_STYLE } from '../../client/studio/grid/grid-form.ts';
import { FIRST_GRID, reduceGrid } from '../../client/studio/grid/grid-state.ts';
import { createStore } from '../../client/studio/state/store.ts';
import { FIRST_STATE, reduce } from '../../client/studio/state/studio.ts';
import type { ShelfStyle } from '../../client/studio/state/styles.ts';
import type { DrawRequest, DrawResult } from '../../client/studio/state/tincture.ts';

const shelf = ['ink', 'neon'].map(
  (name): ShelfStyle => ({
    id: `registry:${name}`,
    name,
    title: name,
    description: '',
    origin: 'registry',
    triggerWords: [],
    strength: { min: 0, max: 2, initial: name === 'ink' ? 0.8 : 1 },
  }),
);
const state = {
  ...FIRST_STATE,
  shelf,
  model: 'tiny',
  inUse: [
    { id: 'registry:ink', strength: 0.5 },
    { id: 'registry:neon', strength: 1 },
  ],
};

describe('axes', () => {
  it('are of numbers, of samplers, of styles, of one style’s strength', () => {
    const seeds = axisOf({ ...FIRST_AXIS, kind: 'seed' }, 'Columns:', state)!;
    expect(seeds.values.map(({ label }) => label)).toEqual(['1', '2', '3']);
    const styles = axisOf(
      { ...FIRST_AXIS, kind: 'style', styles: [NO_STYLE, 'registry:ink'] },
      'Rows:',
      state,
    )!;
    expect(styles.values.map(({ label }) => label)).toEqual(['none', 'ink:0.8']);
    expect(styles.values[1]!.change({ styles: [] }).styles).toEqual([{ style: 'ink', strength: 0.8 }]);
    const strength = axisOf({ ...FIRST_AXIS, kind: 'strength', of: 'registry:neon' }, 'Rows:', state)!;
    expect([strength.name, strength.fromEnd]).toEqual(['strength:neon', 1]);
    expect(axisOf(FIRST_AXIS, 'Rows:', state)).toBeUndefined();
  });

  it('say what is wrong with a value, and that a style was put back', () => {
    const wrong = { ...FIRST_AXIS, kind: 'steps' as const, texts: { ...FIRST_AXIS.texts, steps: '4, x' } };
    expect(() => axisOf(wrong, 'Columns:', state)).toThrow(/Columns: steps, value 2: .*found "x"/);
    const gone = { ...FIRST_AXIS, kind: 'strength' as const, of: 'registry:ink' };
    expect(() => axisOf(gone, 'Rows:', { ...state, inUse: [] })).toThrow(/no longer in use/);
    expect(() => axisOf({ ...FIRST_AXIS, kind: 'sampler' }, 'Rows:', state)).toThrow(/no values/);
  });
});

/** A page whose engine draws a pixel as bright as the seed. */
function page(generate: (request: DrawRequest) => Promise<DrawResult>) {
  const main = createStore(reduce, state);
  const store = createStore(reduceGrid, FIRST_GRID);
  const engine = { model: { pixelMultiple: 1 }, generate };
  const studio = {
    store: main,
    actions: { engineFor: async () => engine },
    tincture: {
      samplers: [],
      schedules: [],
      readParameters: (png: Uint8Array) => {
        const seed = /Seed: (\d+)/.exec(readPngText(png).parameters ?? '')?.[1];
        return {
          prompt: 'a cat',
          negativePrompt: '',
          styles: [],
          seed,
          steps: 3,
          rng: 'CPU',
          embeddings: {},
        };
      },
    },
  } as unknown as Studio;
  return { main, store, actions: createGridActions(store, studio) };
}

const drawnOf = async ({ seed, steps }: DrawRequest): Promise<DrawResult> => {
  const pixels = new Uint8ClampedArray(64 * 64 * 4).fill(Number(seed));
  const picture = { width: 64, height: 64, pixels };
  const parameters = `a cat\nSteps: ${steps}, Sampler: Euler, Seed: ${seed}`;
  const one = { picture, png: encodePng(picture, { parameters }), parameters, seed };
  return { ...one, pictures: [one], embeddings: [], notices: ['a note'] };
};

it('draws each cell once, keeps a labelled sheet, and opens a cell among the session’s pictures', async () => {
  const generate = vi.fn(drawnOf);
  const { main, store, actions } = page(generate);
  store.dispatch({ kind: 'axis', axis: 'y', change: { kind: 'steps' } });
  await actions.draw();
  const { sheet, drawing, notices, failure } = store.state();
  expect([drawing, failure, notices]).toEqual([undefined, undefined, ['a note']]);
  expect(generate).toHaveBeenCalledTimes(9);
  expect([...sheet!.cells.keys()].sort()).toEqual([
    '0,0',
    '0,1',
    '0,2',
    '1,0',
    '1,1',
    '1,2',
    '2,0',
    '2,1',
    '2,2',
  ]);
  expect(readPngText(sheet!.png!).parameters).toMatch(/X axis: seed, X values: "1, 2, 3", Y axis: steps/);
  expect(actions.open('1,2')).toBe(1);
  expect(actions.open('1,2')).toBe(1);
  expect(actions.open('9,9')).toBeUndefined();
  expect(main.state().prints).toMatchObject([
    { number: 1, model: 'tiny', settings: { seed: '3', steps: 3 } },
  ]);
  expect(main.state().shown).toBe(1);
});

it('stops where it is and keeps what is drawn; a failure is said', async () => {
  const { store, actions } = page(async (request) => {
    if (request.seed === 2n) actions.stop();
    return drawnOf(request);
  });
  await actions.draw();
  expect([store.state().drawing, store.state().sheet!.cells.size]).toEqual([undefined, 2]);
  const broken = page(() => Promise.reject(new Error('no memory')));
  await broken.actions.draw();
  expect(broken.store.state().failure).toMatchObject({ doing: 'Drawing the grid' });
});
