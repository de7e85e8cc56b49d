// What a picture's text puts back into the form, and the command line that draws the same.
import { describe, expect, it } from 'vitest';
import { commandFor } from '../../client/studio/state/command.ts';
import { restoreFrom } from '../../client/studio/state/restore.ts';
import { FIRST_SETTINGS } from '../../client/studio/state/settings.ts';
import { FIRST_STATE } from '../../client/studio/state/studio.ts';
import type { ShelfStyle } from '../../client/studio/state/styles.ts';
import { STRENGTH } from '../../client/studio/state/styles.ts';
import type { DrawnWith } from '../../client/studio/state/tincture.ts';

const lists = {
  samplers: [
    { name: 'ddim', title: 'DDIM', ownTimesteps: true },
    { name: 'euler', title: 'Euler', ownTimesteps: false },
  ],
  schedules: [{ name: 'karras', title: 'Karras' }],
  upscalers: [
    { name: 'latent', title: 'Latent' },
    { name: 'latent-nearest', title: 'Latent (nearest)' },
  ],
} as const;
const shelf: ShelfStyle[] = ['neon', 'ink'].map((name) => ({
  id: `registry:${name}`,
  name,
  title: name,
  description: '',
  origin: 'registry',
  triggerWords: [],
  strength: STRENGTH,
}));
const state = { ...FIRST_STATE, shelf, model: 'pictograms' };
const drawn: DrawnWith = {
  prompt: 'red apple',
  negativePrompt: 'blurry',
  styles: [
    { name: 'ink', strength: -0.5 },
    { name: 'neon', strength: 0.8 },
  ],
  seed: '18446744073709551615',
  steps: 7,
  sampler: 'Euler',
  schedule: 'Karras',
  guidance: 3.5,
  width: 96,
  height: 64,
  model: 'pictograms',
  modelHash: undefined,
  clipSkip: 2,
  rng: 'CPU',
  tiling: true,
  vaeTiling: 'on',
  variationSeed: '77',
  variationStrength: 0.3,
  laterSeedDelta: 31337,
  denoisingStrength: undefined,
  maskBlur: undefined,
  maskedContent: undefined,
  hiresScale: undefined,
  hiresSize: undefined,
  hiresSteps: undefined,
  hiresUpscaler: undefined,
  embeddings: {},
};

describe('restoreFrom', () => {
  it('puts everything back, styles in their order, the seed locked', () => {
    const { settings, inUse, notices } = restoreFrom(drawn, state, lists);
    expect(settings).toEqual({
      prompt: 'red apple',
      negativePrompt: 'blurry',
      seed: '18446744073709551615',
      seedLocked: true,
      steps: 7,
      sampler: 'euler',
      schedule: 'karras',
      guidance: 3.5,
      width: 96,
      height: 64,
      clipSkip: 2,
      rng: 'cpu',
      tiling: true,
      vaeTiling: 'on',
      variationSeed: '77',
      variationStrength: 0.3,
      laterSeedDelta: 31337,
      batchSize: 1,
      batchCount: 1,
      denoisingStrength: 0.75,
      maskBlur: 4,
      maskedContent: 'original',
      hiresUpscaler: '',
      hiresScale: 2,
      hiresSteps: 0,
      hiresStrength: 0.7,
    });
    expect(inUse).toEqual([
      { id: 'registry:ink', strength: -0.5 },
      { id: 'registry:neon', strength: 0.8 },
    ]);
    expect(notices).toHaveLength(1);
  });

  it('brings parameters back that the style has, inside their range', () => {
    const curve = { name: 'curve', default: 1, minimum: 0.25, maximum: 4 };
    const styles = [{ name: 'neon', strength: 1, parameters: { curve: 40, gone: 2 } }];
    const { inUse } = restoreFrom(
      { ...drawn, styles },
      { ...state, shelf: shelf.map((style) => ({ ...style, parameters: [curve] })) },
      lists,
    );
    expect(inUse).toEqual([{ id: 'registry:neon', strength: 1, parameters: { curve: 4 } }]);
  });

  it('from the first style that is missing on, styles stay tags, so that their order holds', () => {
    const styles = [
      { name: 'neon', strength: 1 },
      { name: 'lost', strength: 0.4 },
      { name: 'ink', strength: 2 },
    ];
    const { settings, inUse, notices } = restoreFrom({ ...drawn, styles }, state, lists);
    expect(inUse).toEqual([{ id: 'registry:neon', strength: 1 }]);
    expect(settings.prompt).toBe('red apple <hypernet:lost:0.4> <hypernet:ink:2>');
    expect(notices.join(' ')).toMatch(/Style lost \(strength 0\.4\) is not here/);
  });

  it('a style that comes twice keeps its second use as a tag', () => {
    const styles = [
      { name: 'neon', strength: 1 },
      { name: 'neon', strength: 0.5 },
    ];
    const { settings, inUse } = restoreFrom({ ...drawn, styles }, state, lists);
    expect(inUse).toHaveLength(1);
    expect(settings.prompt).toBe('red apple <hypernet:neon:0.5>');
  });

  it('keeps what a picture does not tell, and says what it cannot follow', () => {
    const bare = {
      ...drawn,
      seed: undefined,
      steps: undefined,
      width: undefined,
      sampler: 'PLMS',
      model: 'other',
    };
    const { settings, notices } = restoreFrom(bare, state, lists);
    expect([settings.seed, settings.steps, settings.width, settings.sampler]).toEqual(['1', 20, 64, 'ddim']);
    expect(notices.join(' ')).toMatch(/sampler PLMS is not known here/);
    expect(notices.join(' ')).toMatch(/drawn with model other; pictograms is loaded here/);
  });

  it('reads the sampler’s names as newer and older pictures write them', () => {
    const samplingOf = (sampler: string, schedule?: string) => {
      const { settings, notices } = restoreFrom({ ...drawn, sampler, schedule }, state, lists);
      return [settings.sampler, settings.schedule, notices.length];
    };
    expect(samplingOf('Euler Karras')).toEqual(['euler', 'karras', 1]);
    expect(samplingOf('Euler', 'Automatic')).toEqual(['euler', '', 1]);
    expect(samplingOf('Euler', 'Beta')).toEqual(['euler', '', 2]);
    expect(samplingOf('UniPC Karras')).toEqual(['ddim', 'karras', 2]);
  });

  it('takes NVIDIA’s random numbers where a picture names none, and the usual settings where it has none', () => {
    const bare = {
      ...drawn,
      tiling: undefined,
      vaeTiling: 'sideways',
      rng: undefined,
      clipSkip: undefined,
      variationStrength: undefined,
    };
    const { settings, notices } = restoreFrom(bare, state, lists);
    expect([settings.rng, settings.clipSkip, settings.variationStrength]).toEqual(['nv', 1, 0]);
    expect([settings.tiling, settings.vaeTiling]).toEqual([false, 'auto']);
    expect(notices.join(' ')).toMatch(/NVIDIA/);
    expect(restoreFrom({ ...drawn, rng: 'NV' }, state, lists).settings.rng).toBe('nv');
  });

  it('says which embeddings are missing or other files, and that a start picture is not here', () => {
    const brush = {
      words: ['brush'],
      name: 'brush',
      vectors: 3,
      width: 24,
      sha256: 'abcdef',
      file: new File([], 'b'),
    };
    const told = { ...drawn, embeddings: { Brush: 'abcd', easy: '1234' }, denoisingStrength: 0.5 };
    const notices = restoreFrom(told, { ...state, embeddings: [brush] }, lists).notices.join(' ');
    expect(notices).toMatch(/embedding easy is not here/);
    expect(notices).not.toMatch(/Brush/);
    expect(notices).toMatch(/drawn over another picture/);
    const other = restoreFrom(
      { ...told, embeddings: { brush: '999' } },
      { ...state, embeddings: [brush] },
      lists,
    );
    expect(other.notices.join(' ')).toMatch(/brush at hand is another file/);
  });

  it('puts back how a start picture and its mask were drawn, and says that they are not in the file', () => {
    const told = { ...drawn, denoisingStrength: 0.4, maskBlur: 7, maskedContent: 'latent noise' };
    const { settings, notices } = restoreFrom(told, state, lists);
    expect(settings).toMatchObject({ denoisingStrength: 0.4, maskBlur: 7, maskedContent: 'latent noise' });
    expect(notices[1]).toMatch(/drawn over another picture, within a mask, which the file does not carry/);
    const hostile = { ...told, denoisingStrength: 9, maskBlur: -3, maskedContent: 'x' };
    expect(restoreFrom(hostile, state, lists).settings).toMatchObject({
      denoisingStrength: 1,
      maskBlur: 0,
      maskedContent: 'original',
    });
  });

  it('puts a second pass back, by its factor or by the size that it came to', () => {
    const hires = { denoisingStrength: 0.6, hiresSteps: 9, hiresUpscaler: 'Latent (nearest)' };
    const { settings, notices } = restoreFrom({ ...drawn, ...hires, hiresScale: 1.5 }, state, lists);
    expect(settings).toMatchObject({
      hiresUpscaler: 'latent-nearest',
      hiresScale: 1.5,
      hiresSteps: 9,
      hiresStrength: 0.6,
      denoisingStrength: 0.75,
    });
    expect(notices).toHaveLength(1);
    const sized = { ...drawn, ...hires, hiresUpscaler: 'ESRGAN_4x', hiresSize: { width: 192, height: 192 } };
    const other = restoreFrom(sized, state, lists);
    expect(other.settings).toMatchObject({ hiresUpscaler: 'pixels', hiresScale: 2 });
    expect(other.notices.slice(1)).toEqual([
      expect.stringMatching(/upscaler ESRGAN_4x is not known here/),
      expect.stringMatching(/192 × 192, another shape than the first/),
    ]);
  });

  it('knows the model by its hash where it is loaded, whatever its name', () => {
    const facts = { hash: 'abc', pixelMultiple: 8, contextWidth: 24, textLayers: 2, selfAttentionWidths: [] };
    const ready = {
      ...state,
      press: { phase: 'ready' as const, backend: 'wasm' as const, reason: '', facts },
    };
    const noticesOf = (modelHash: string) =>
      restoreFrom({ ...drawn, model: 'renamed', modelHash }, ready, lists).notices.join(' ');
    expect(noticesOf('abc')).not.toMatch(/model/);
    expect(noticesOf('def')).toMatch(/drawn with model renamed \(def\); pictograms is loaded here/);
  });

  it('holds steps and guidance inside their limits', () => {
    const { settings } = restoreFrom({ ...drawn, steps: 1e9, guidance: -4 }, state, lists);
    expect([settings.steps, settings.guidance]).toEqual([1000, 1]);
  });
});

describe('commandFor', () => {
  it('writes the line that draws the same picture', () => {
    const settings = { ...FIRST_SETTINGS, prompt: 'red apple', seed: '42' };
    expect(commandFor(settings, [{ id: 'registry:neon', strength: 0.8 }], shelf, 'pictograms')).toBe(
      "npm run -s tincture -- generate 'red apple' --model pictograms --style neon:0.8 --steps 20 --sampler ddim --schedule automatic --guidance 4 " +
        '--seed 42 --width 64 --height 64 --output picture.png',
    );
  });

  it('names the parameters with their style', () => {
    const inUse = [{ id: 'registry:neon', strength: 1, parameters: { curve: 0.5, depth: -2 } }];
    expect(commandFor(FIRST_SETTINGS, inUse, shelf, 'pictograms')).toContain(
      '--style neon:1 --parameter neon.curve=0.5 --parameter neon.depth=-2 --steps',
    );
  });

  it('names embeddings by their files, and what stands off its usual place', () => {
    const brush = {
      words: ['brush'],
      name: 'brush',
      vectors: 3,
      width: 24,
      sha256: '',
      file: new File([], 'my brush.pt'),
    };
    const finer = {
      clipSkip: 2,
      rng: 'nv' as const,
      variationSeed: '9',
      variationStrength: 0.2,
      laterSeedDelta: -5,
      tiling: true,
      vaeTiling: 'off' as const,
      batchSize: 2,
      batchCount: 3,
    };
    const line = commandFor({ ...FIRST_SETTINGS, ...finer }, [], shelf, 'pictograms', [brush]);
    expect(line).toContain("--embedding 'my brush.pt'");
    expect(line).toContain(
      '--clip-skip 2 --rng nv --variation-seed 9 --variation-strength 0.2 --ensd=-5 --tiling --vae-tiling off --batch-size 2 --batch-count 3',
    );
  });

  it('quotes what a shell would read', () => {
    const settings = {
      ...FIRST_SETTINGS,
      prompt: "it's $HOME `x`",
      negativePrompt: 'a;b',
      schedule: 'karras',
    };
    const line = commandFor(settings, [], shelf, 'my model');
    expect(line).toContain("generate 'it'\\''s $HOME `x`' --model 'my model' --negative 'a;b'");
    expect(line).toContain('--schedule karras');
  });
});
