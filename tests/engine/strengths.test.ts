// A style's strength by width, by keys and values, and over the steps, on the golden model: against files without parts of it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { currentPlatform } from '../../client/engine/platform.ts';
import { StepStyles } from '../../client/engine/step-styles.ts';
import { curveOverSteps } from '../../client/engine/style-strengths.ts';
import { Styles } from '../../client/engine/styles.ts';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { writeHypernetworkSafetensors } from '../../client/hypernetwork/write.ts';
import {
  createEngine,
  type Engine,
  type GenerateRequest,
  parseParameters,
  readHypernetwork,
  relativeError,
  type StyleUse,
} from '../../client/index.ts';
import { biasData, biasPlugin, packed } from './bias-plugin.ts';
import { type Composer, openComposer } from './composed.ts';

const GOLDEN = 'tests/golden/sd-tiny';
const A = `${GOLDEN}/style-a.pt`;
const B = `${GOLDEN}/style-b.pt`;
const PICTURE = { prompt: 'red apple', negativePrompt: 'blurry', seed: 7, sampler: 'euler', guidance: 3 };
/** The golden model's context width and its self-attention's. */
const WIDTHS = { 24: 0.5, 32: 0.5, 64: 0.5 };

let engine: Engine;
let composer: Composer;
let styles: Styles;
beforeAll(async () => {
  engine = await createEngine({ model: GOLDEN, backend: 'wasm', threads: 1 });
  composer = await openComposer(GOLDEN);
  const platform = await currentPlatform();
  const finding = { platform, registry: undefined, signal: undefined, onProgress: undefined };
  styles = new Styles(composer.model, platform.createPluginHost(), finding);
});
afterAll(async () => {
  await engine.close();
  await composer.close();
  await styles.close();
});

const draw = async (uses: readonly StyleUse[], change: Partial<GenerateRequest> = {}) =>
  (await engine.generate({ ...PICTURE, steps: 3, styles: uses, ...change })).latents.data;

/** What the first step of a picture is given. */
async function firstStep(uses: readonly StyleUse[]) {
  const begun = await StepStyles.begin(await styles.prepare(uses), await composer.encode(PICTURE), 1);
  return (await begun.at(0, 0)).groups[0]!;
}

/** style-a.pt without one of its widths. */
async function without(width: number): Promise<StyleUse['style']> {
  const { widths, ...rest } = await readHypernetwork(await fileSource(A));
  const left = new Map([...widths].filter(([found]) => found !== width));
  const bytes = writeHypernetworkSafetensors({ ...rest, widths: left });
  return { name: 'partial.safetensors', file: bytesSource('partial', bytes) };
}

describe('keys and values', () => {
  test('of the text are bent each at its own strength, through a chain', async () => {
    const plain = await firstStep([]);
    const full = await firstStep([{ style: A, strength: 0.8 }]);
    const values = await firstStep([{ style: A, strength: 0.8, strengths: { k: 0 } }]);
    expect(values.k.data).toEqual(plain.k.data);
    expect(values.v.data).toEqual(full.v.data);
    const keys = await firstStep([{ style: A, strength: 0.8, strengths: { v: 0 } }]);
    expect([keys.k.data, keys.v.data]).toEqual([full.k.data, plain.v.data]);
    const half = await firstStep([{ style: A, strength: 0.4 }]);
    const both = await firstStep([{ style: A, strength: 0.8, strengths: { k: 0.5 } }]);
    expect([both.k.data, both.v.data]).toEqual([half.k.data, full.v.data]);
    const chain = await firstStep([
      { style: A, strength: 0.8, strengths: { k: 0 } },
      { style: B, strength: 0.5, strengths: { v: 0 } },
    ]);
    const onlyB = await firstStep([{ style: B, strength: 0.5 }]);
    expect([chain.k.data, chain.v.data]).toEqual([onlyB.k.data, full.v.data]);
  });

  test('both at 0 draw what no style does, and leave no word about it', async () => {
    const result = await engine.generate({
      ...PICTURE,
      steps: 2,
      styles: [{ style: A, strengths: { k: 0, v: 0 } }],
    });
    expect(relativeError(result.latents.data, await draw([], { steps: 2 }))).toBeLessThan(1e-6);
    expect(result.notices).toEqual([]);
  });
});

describe('widths', () => {
  test.each([24, 32, 64])('%i at factor 0 is the file without it', async (width) => {
    const silenced = await draw([{ style: A, strength: 0.8, strengths: { widths: { [width]: 0 } } }]);
    const file = await draw([{ style: await without(width), strength: 0.8 }]);
    expect(relativeError(silenced, file)).toBeLessThan(1e-6);
    expect(relativeError(silenced, await draw([{ style: A, strength: 0.8 }]))).toBeGreaterThan(1e-4);
  });

  test('all at one factor are that strength, for chains and for plugins too', async () => {
    const chain = await draw([
      { style: A, strength: 1.6, strengths: { widths: WIDTHS } },
      { style: B, strength: 1, strengths: { k: 0.5, v: 0.5 } },
    ]);
    const strengths = await draw([
      { style: A, strength: 0.8 },
      { style: B, strength: 0.5 },
    ]);
    expect(relativeError(chain, strengths)).toBeLessThan(1e-6);
    const made = await draw([
      { style: packed(await biasPlugin()), strength: 1, strengths: { widths: WIDTHS } },
    ]);
    expect(relativeError(made, await draw([{ style: await biasData(0.125) }]))).toBeLessThan(1e-5);
  });

  test('that the model lacks are told of', async () => {
    const { notices } = await engine.generate({
      ...PICTURE,
      steps: 1,
      styles: [{ style: A, strengths: { widths: { 64: 1, 320: 0.5 } } }],
    });
    expect(notices).toEqual([
      'The style style-a bends the widths 24, 32, 64 of this model: its factor for 320 changes nothing.',
    ]);
  });
});

describe('over the steps', () => {
  test('a curve’s values are linear between points, jump where two share a place, and hold at the ends', () => {
    expect(curveOverSteps([], 4)).toBeUndefined();
    expect(
      curveOverSteps(
        [
          { at: 0, factor: 1 },
          { at: 1, factor: 0 },
        ],
        4,
      ),
    ).toEqual([1, 0.75, 0.5, 0.25]);
    const jump = [
      { at: 0.5, factor: 1 },
      { at: 0.5, factor: 0 },
    ];
    expect(curveOverSteps(jump, 4)).toEqual([1, 1, 0, 0]);
    expect(curveOverSteps(jump, 5)).toEqual([1, 1, 1, 0, 0]);
    expect(
      curveOverSteps(
        [
          { at: 0.25, factor: -2 },
          { at: 0.75, factor: 2 },
        ],
        4,
      ),
    ).toEqual([-2, -2, 0, 2]);
  });

  test('one constant is that strength, and a curve is what its steps are one by one', async () => {
    const constant = await draw([{ style: A, overSteps: [{ at: 0, factor: 0.8 }] }]);
    expect(relativeError(constant, await draw([{ style: A, strength: 0.8 }]))).toBeLessThan(1e-6);
    const fading = await draw([
      {
        style: A,
        strength: 0.8,
        overSteps: [
          { at: 0, factor: 1.5 },
          { at: 1, factor: 0 },
        ],
      },
    ]);
    const steps = [1.2, 0.8, 0.4].map((strength) => [{ style: A, strength }]);
    expect(relativeError(fading, await composer.draw(PICTURE, steps))).toBeLessThan(1e-5);
  });

  test('the user’s curve multiplies the style’s own schedule', async () => {
    const schedule = [
      [1, 0],
      [0.5, 0],
      [2, 0],
    ] as const;
    const made = await draw([
      {
        style: packed(await biasPlugin({ schedule })),
        overSteps: [
          { at: 0, factor: 1 },
          { at: 1, factor: 0 },
        ],
      },
    ]);
    const steps = [];
    for (const amount of [0.25, (0.25 * 2) / 6, (0.25 * 2) / 3])
      steps.push([{ style: await biasData(amount) }]);
    expect(relativeError(made, await composer.draw(PICTURE, steps))).toBeLessThan(1e-5);
  });
});

test('the picture tells them all, and tells several uses of one style apart', async () => {
  const uses: StyleUse[] = [
    { style: A },
    {
      style: A,
      strength: 0.5,
      strengths: { k: 0, v: 1, widths: { 64: 0.25 } },
      overSteps: [
        { at: 0, factor: 1 },
        { at: 0.5, factor: 0.5 },
      ],
    },
    { style: B, strengths: { k: 1 } },
  ];
  const { parameters } = await engine.generate({ ...PICTURE, steps: 1, styles: uses });
  expect(parseParameters(parameters).styleStrengths).toEqual([
    { style: 'style-a' },
    { style: 'style-a', strengths: { k: 0, widths: { 64: 0.25 } }, overSteps: uses[1]!.overSteps },
  ]);
});

describe('limits', () => {
  test.each<[Omit<StyleUse, 'style'>, RegExp]>([
    [{ strengths: { k: 11 } }, /factor k of style-a cannot be used; expected -10 … 10, found 11/],
    [{ strengths: { widths: { 64: Number.NaN } } }, /factor for width 64 of style-a.*found NaN/],
    [{ strengths: { widths: { 0: 1 } } }, /width of style-a.*expected a context width, found 0/],
    [
      { strengths: { widths: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i + 1, 1])) } },
      /widths of style-a.*at most 16, found 17/,
    ],
    [
      {
        overSteps: [
          { at: 0.5, factor: 1 },
          { at: 0.25, factor: 1 },
        ],
      },
      /point 2 over the steps of style-a, at.*expected 0\.5 … 1, found 0\.25/,
    ],
    [{ overSteps: [{ at: 1.5, factor: 1 }] }, /point 1.*at.*0 … 1, found 1\.5/],
    [{ overSteps: [{ at: 0, factor: -11 }] }, /point 1.*factor.*-10 … 10, found -11/],
    [
      { overSteps: Array.from({ length: 33 }, () => ({ at: 0, factor: 1 })) },
      /points over the steps.*at most 32, found 33/,
    ],
  ])('%o are refused', async (use, words) => {
    await expect(draw([{ style: A, ...use }])).rejects.toMatchObject({
      code: 'engine/request',
      message: expect.stringMatching(words),
    });
  });
});
