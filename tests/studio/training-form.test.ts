// The training form: presets as requests, faults by field, and options in the command line's vocabulary.
import { describe, expect, it } from 'vitest';
import { TRAIN_OPTIONS } from '../../client/cli/train-request.ts';
import {
  formOfOptions,
  keptOptions,
  optionsLeftOut,
  PRESETS,
  readForm,
  type TrainingForm,
} from '../../client/studio/training/training-form.ts';

describe('the presets', () => {
  it('a style is a hypernetwork of all widths at the kind’s own rate', () => {
    const { request, rhythm, faults } = readForm(PRESETS.style);
    expect(faults.size).toBe(0);
    expect(request).toMatchObject({
      kind: 'hypernetwork',
      name: 'my-style',
      steps: 1000,
      rate: '5e-5',
      batch: 1,
    });
    expect(request!.widths).toBeUndefined();
    expect(request!.description).toMatchObject({
      layerStructure: [1, 2, 1],
      activation: 'relu',
      useDropout: false,
    });
    expect(rhythm).toEqual({ saveEvery: 100, previewEvery: 100, previewPrompt: '', previewSeeds: [0n] });
  });

  it('a subject is an embedding', () => {
    expect(readForm(PRESETS.subject).request).toMatchObject({
      kind: 'embedding',
      name: 'my-subject',
      rate: '5e-3',
      vectors: 1,
      startWords: '*',
    });
  });
});

describe('faults', () => {
  const WRONG: readonly [Partial<TrainingForm>, RegExp][] = [
    [{ name: '' }, /must begin with a letter/],
    [{ name: '../x' }, /must begin with a letter/],
    [{ steps: '0' }, /whole number from 1 to 1000000/],
    [{ steps: '1e3.5' }, /whole number/],
    [{ rate: '5e-3:2000, quick' }, /a positive rate/],
    [{ batch: '65' }, /from 1 to 64/],
    [{ clip: 'norm' }, /value:X or norm:X/],
    [{ size: '32x64' }, /64 to 2048/],
    [{ layers: '2,1' }, /begin and end with 1/],
    [{ dropout: '0,0.3' }, /needs 3 rates/],
    [{ widths: '768,,320' }, /numbers from 1 to 8192/],
    [{ seed: '-1' }, /2\^64/],
    [{ empty: '2' }, /a number from 0 to 1/],
    [{ previewSeeds: '1, 1' }, /4 seeds.*each once/],
  ];
  it.each(WRONG)('%j', (change, words) => {
    const { request, faults } = readForm({ ...PRESETS.style, ...change });
    expect(request).toBeUndefined();
    expect([...faults.keys()]).toEqual(Object.keys(change));
    expect([...faults.values()][0]).toMatch(words);
  });

  it('a schedule whose rates are over says so where the training goes on', () => {
    const form = { ...PRESETS.style, rate: '5e-3:10', steps: '20' };
    expect(readForm(form, 5).faults.size).toBe(0);
    expect(readForm(form, 10).faults.get('rate')).toMatch(/a rate for step 11/);
  });
});

describe('kept options', () => {
  const FORM: TrainingForm = {
    ...PRESETS.style,
    name: 'lines',
    rate: '1e-3:500, 1e-4',
    size: '512 × 384',
    template: '[filewords]\n a picture of [name] ',
    holdBack: '2',
    layerNorm: true,
    weightDecay: '0.1',
  };

  it('are the command line’s', () => {
    expect(keptOptions(FORM)).toEqual({
      preset: 'style',
      name: 'lines',
      steps: '1000',
      rate: '1e-3:500, 1e-4',
      size: '512x384',
      template: ['[filewords]', 'a picture of [name]'],
      'hold-back': '2',
      'layer-norm': true,
      'weight-decay': '0.1',
    });
  });

  it('all of them are options that `train --resume` takes up', () => {
    const all = Object.entries(FORM).map(([field, value]) => [field, value === '' ? '1' : value || true]);
    const { preset: _, ...options } = keptOptions(Object.fromEntries(all));
    for (const [name, value] of Object.entries(options)) {
      const option = TRAIN_OPTIONS[name as keyof typeof TRAIN_OPTIONS];
      expect(option, name).toBeDefined();
      expect(Array.isArray(value) ? 'multiple' in option : typeof value === option.type, name).toBe(true);
    }
  });

  it('make the same request again', () => {
    const again = formOfOptions(JSON.parse(JSON.stringify(keptOptions(FORM))), 'style');
    expect(readForm(again).request).toEqual(readForm(FORM).request);
  });

  it('that are unsound stay at their defaults', () => {
    expect(formOfOptions({ steps: 7, name: ['x'], 'layer-norm': 'yes', preset: 'subject' }, 'style')).toEqual(
      PRESETS.style,
    );
    expect(formOfOptions(null, 'subject')).toEqual(PRESETS.subject);
  });
});

it('options that only the command line has are named', () => {
  const options = { steps: '4000', 'tag-dropout': '0.1', ema: '0.98', rollouts: '8', validate: '64' };
  expect(optionsLeftOut(options)).toEqual(['--rollouts', '--validate']);
  expect(optionsLeftOut(null)).toEqual([]);
});
