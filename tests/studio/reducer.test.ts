// The studio's reducer and store: every change of the state that the page shows.
import { describe, expect, it, vi } from 'vitest';
import { createStore } from '../../client/studio/state/store.ts';
import type { StudioAction, StudioState } from '../../client/studio/state/studio.ts';
import { FIRST_STATE, reduce } from '../../client/studio/state/studio.ts';
import { STRENGTH } from '../../client/studio/state/styles.ts';
import type { Picture } from '../../client/studio/state/tincture.ts';

const run = (actions: readonly StudioAction[], from: StudioState = FIRST_STATE) =>
  actions.reduce(reduce, from);
const picture = (width: number): Picture => ({ width, height: 1, pixels: new Uint8ClampedArray(width * 4) });
const print = (seed: string) => ({
  picture: picture(2),
  png: new Uint8Array(1),
  parameters: `Seed: ${seed}`,
  settings: { ...FIRST_STATE.settings, seed },
  styles: [],
  embeddings: [],
  start: undefined,
  model: 'm',
  milliseconds: 5,
});
const models = [
  {
    name: 'small',
    origin: 'registry' as const,
    bytes: 10,
    defaults: { width: 64, steps: 20, sampler: 'ddim' },
  },
  { name: 'large', origin: 'registry' as const, bytes: 999, defaults: { width: 512, steps: 30 } },
];

describe('models', () => {
  it('the first model is chosen, with its proposals', () => {
    const state = run([{ kind: 'models', models }]);
    expect(state.model).toBe('small');
    expect(state.settings.steps).toBe(20);
  });

  it('another model brings its own proposals and an empty press', () => {
    const ready = {
      phase: 'ready' as const,
      backend: 'wasm' as const,
      reason: '',
      facts: { hash: '', pixelMultiple: 8, contextWidth: 96, textLayers: 12, selfAttentionWidths: [] },
    };
    const state = run([
      { kind: 'models', models },
      { kind: 'press', press: ready },
      { kind: 'choose-model', name: 'large' },
    ]);
    expect(state.press).toEqual({ phase: 'empty' });
    expect([state.settings.width, state.settings.steps, state.settings.sampler]).toEqual([512, 30, 'ddim']);
  });

  it('a proposed sampler brings its schedule, and one without takes an older one away', () => {
    const turbo = { ...models[1]!, name: 'turbo', defaults: { sampler: 'Euler a', schedule: 'SGM Uniform' } };
    const state = run([
      { kind: 'models', models: [...models, turbo] },
      { kind: 'choose-model', name: 'turbo' },
    ]);
    expect(state.settings).toMatchObject({ sampler: 'Euler a', schedule: 'SGM Uniform' });
    expect(run([{ kind: 'choose-model', name: 'large' }], state).settings.schedule).toBe('SGM Uniform');
    expect(run([{ kind: 'choose-model', name: 'small' }], state).settings.schedule).toBe('');
  });

  it('later lists keep the choice', () => {
    const state = run([
      { kind: 'models', models },
      { kind: 'choose-model', name: 'large' },
      { kind: 'models', models: models.slice(0, 1) },
    ]);
    expect(state.model).toBe('large');
    expect(state.models).toHaveLength(2);
  });

  it('a model that is not there changes nothing', () => {
    const state = run([{ kind: 'models', models }]);
    expect(reduce(state, { kind: 'choose-model', name: 'none' })).toBe(state);
  });
});

describe('drawing', () => {
  it('a step without a preview keeps the last one', () => {
    const state = run([
      { kind: 'draw' },
      { kind: 'progress', drawing: { stage: 'unet', message: '', done: 1, total: 3, preview: picture(4) } },
      { kind: 'progress', drawing: { stage: 'unet', message: '', done: 2, total: 3 } },
    ]);
    expect(state.drawing?.preview?.width).toBe(4);
    expect(state.drawing?.done).toBe(2);
  });

  it('progress after a stop does not start the drawing again', () => {
    const stopped = run([{ kind: 'draw' }, { kind: 'stopped', notices: ['Stopped.'] }]);
    expect(reduce(stopped, { kind: 'progress', drawing: { stage: 'unet', message: '' } })).toBe(stopped);
    expect(stopped.notices[0]).toMatch(/Stopped/);
  });

  it('prints are numbered from 1 and the first of the newest batch is shown', () => {
    const state = run([
      { kind: 'draw' },
      { kind: 'printed', prints: [print('1')], notices: [] },
      { kind: 'draw' },
      { kind: 'printed', prints: [print('2'), print('3')], notices: ['a style is idle'] },
    ]);
    expect(state.prints.map(({ number, settings }) => [number, settings.seed])).toEqual([
      [1, '1'],
      [2, '2'],
      [3, '3'],
    ]);
    expect(state.shown).toBe(2);
    expect(state.notices).toEqual(['a style is idle']);
    expect(run([{ kind: 'show', number: 1 }], state).shown).toBe(1);
    expect(reduce(state, { kind: 'show', number: 4 })).toBe(state);
  });

  it('a failure ends the drawing and stays until it is put away or another drawing begins', () => {
    const failure = { doing: 'Drawing', message: 'm', advice: 'a', code: 'c/d' };
    const failed = run([{ kind: 'draw' }, { kind: 'fail', failure }]);
    expect(failed.drawing).toBeUndefined();
    expect(failed.failure).toEqual(failure);
    expect(reduce(failed, { kind: 'forgive' }).failure).toBeUndefined();
    expect(reduce(failed, { kind: 'draw' }).failure).toBeUndefined();
  });
});

it('a style that is not on the shelf cannot be taken', () => {
  const style = {
    id: 'file:a',
    name: 'a',
    title: 'a',
    description: '',
    origin: 'file' as const,
    triggerWords: [],
    strength: STRENGTH,
  };
  expect(reduce(FIRST_STATE, { kind: 'take', id: 'file:a' })).toBe(FIRST_STATE);
  const state = run([
    { kind: 'shelve', styles: [style] },
    { kind: 'take', id: 'file:a' },
  ]);
  expect(state.inUse).toEqual([{ id: 'file:a', strength: 1 }]);
});

it('the store tells listeners of changes only, and no more once they stop', () => {
  const store = createStore(reduce, FIRST_STATE);
  const listener = vi.fn();
  const stop = store.subscribe(listener);
  store.dispatch({ kind: 'show', number: 7 });
  expect(listener).not.toHaveBeenCalled();
  store.dispatch({ kind: 'crisp', crisp: true });
  expect(listener).toHaveBeenCalledTimes(1);
  stop();
  store.dispatch({ kind: 'crisp', crisp: false });
  expect(listener).toHaveBeenCalledTimes(1);
});
