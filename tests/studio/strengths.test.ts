// Factors and curves of styles in use, and that the command line and the restorer read them as they were set.
import { describe, expect, it } from 'vitest';
import { parseStyle } from '../../client/cli/style-use.ts';
import { restoreFrom } from '../../client/studio/state/restore.ts';
import {
  CURVES,
  factorOf,
  movedPoint,
  strengthWords,
  withCurve,
  withFactor,
  withPoint,
} from '../../client/studio/state/strengths.ts';
import { FIRST_STATE } from '../../client/studio/state/studio.ts';
import { isIdle, STRENGTH, type StyleInUse, widthsBent } from '../../client/studio/state/styles.ts';
import type { DrawnWith } from '../../client/studio/state/tincture.ts';

const INK: StyleInUse = { id: 'registry:ink', strength: 0.8 };

describe('factors', () => {
  it('are listed where they do not stand at 1, each held in its range', () => {
    const set = withFactor(withFactor([INK], INK.id, 'k', 0), INK.id, 320, 11);
    expect(set).toEqual([{ ...INK, strengths: { k: 0, widths: { 320: 10 } } }]);
    expect([
      factorOf(set[0]!.strengths, 'k'),
      factorOf(set[0]!.strengths, 320),
      factorOf(undefined, 64),
    ]).toEqual([0, 10, 1]);
    expect(withFactor(withFactor(set, INK.id, 'k', 1), INK.id, 320, 1)).toEqual([INK]);
    expect(withFactor([INK], INK.id, 'v', Number.NaN)).toEqual([INK]);
    expect(withFactor([INK], 'registry:other', 'v', 0)).toEqual([INK]);
  });

  it('are offered for the widths that the style bends of the model', () => {
    const model = { contextWidth: 768, selfAttentionWidths: [320, 640] };
    expect(widthsBent({ widths: [320, 1280] }, model)).toEqual([320]);
    expect(widthsBent({}, model)).toEqual([768, 320, 640]);
    expect([isIdle({ widths: [1024] }, model), isIdle({}, model)]).toEqual([true, false]);
  });
});

describe('curves', () => {
  it('keep their points in order, within 0 and 1, and at most 32 of them', () => {
    const fade = CURVES[1]!.points;
    expect(withPoint(fade, { at: 0.5, factor: 0.12345 })).toEqual([
      fade[0],
      { at: 0.5, factor: 0.123 },
      fade[1],
    ]);
    expect(movedPoint(fade, 0, { at: 2, factor: -20 })[0]).toEqual({ at: 1, factor: -10 });
    const three = withPoint(fade, { at: 0.5, factor: 1 });
    expect(movedPoint(three, 1, { at: -1, factor: 2 })[1]).toEqual({ at: 0, factor: 2 });
    const full = Array.from({ length: 32 }, () => ({ at: 0, factor: 1 }));
    expect(withPoint(full, { at: 1, factor: 1 })).toBe(full);
    expect(withCurve([INK], INK.id, [...full, ...full])[0]!.overSteps).toHaveLength(32);
    expect(withCurve([INK], INK.id, [])).toEqual([INK]);
  });
});

const ADJUSTED: Pick<StyleInUse, 'strengths' | 'overSteps'> = {
  strengths: { k: 0, v: 1.5, widths: { 320: 0.3333333333333333 } },
  overSteps: [
    { at: 0, factor: 1 },
    { at: 0.6666666666666666, factor: -0.5 },
    { at: 0.6666666666666666, factor: 0 },
  ],
};

it('the command line reads what is written for it', () => {
  const { style, strength, ...read } = parseStyle(`ink:0.8${strengthWords(ADJUSTED)}`);
  expect([style, strength, read]).toEqual(['ink', 0.8, ADJUSTED]);
  expect(strengthWords({})).toBe('');
});

describe('a picture', () => {
  const drawn = (styles: DrawnWith['styles']): DrawnWith => ({
    prompt: 'red apple',
    negativePrompt: '',
    styles,
    seed: '1',
    steps: 4,
    sampler: 'Euler',
    schedule: undefined,
    guidance: 3,
    width: 64,
    height: 64,
    model: undefined,
    modelHash: undefined,
    clipSkip: undefined,
    rng: 'CPU',
    variationSeed: undefined,
    variationStrength: undefined,
    laterSeedDelta: undefined,
    denoisingStrength: undefined,
    maskBlur: undefined,
    maskedContent: undefined,
    hiresScale: undefined,
    hiresSize: undefined,
    hiresSteps: undefined,
    hiresUpscaler: undefined,
    embeddings: {},
  });
  const shelf = [
    {
      id: INK.id,
      name: 'ink',
      title: 'Ink',
      description: '',
      origin: 'registry' as const,
      triggerWords: [],
      strength: STRENGTH,
    },
  ];
  const lists = {
    samplers: [{ name: 'euler', title: 'Euler', ownTimesteps: false }],
    schedules: [],
    upscalers: [],
  };

  it('restores them exactly, and says where a tag cannot hold them', () => {
    const known = restoreFrom(
      drawn([{ name: 'ink', strength: 0.8, ...ADJUSTED }]),
      { ...FIRST_STATE, shelf },
      lists,
    );
    expect(known.inUse).toEqual([{ ...INK, ...ADJUSTED }]);
    const unknown = restoreFrom(
      drawn([{ name: 'gone', strength: 1, ...ADJUSTED }]),
      { ...FIRST_STATE, shelf },
      lists,
    );
    expect(unknown.notices.join(' ')).toMatch(/Style gone stays in the prompt as a tag.*left out/);
  });
});
