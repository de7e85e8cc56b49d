// What a picture is drawn with, as the form holds it, and how texts and models fill it in.

import type { HiresUpscaler, MaskedContent } from './tincture.ts';

/** Everything of the form but the styles. `seed` is decimal text, 0 … 2⁶⁴−1: a number would lose its low bits. */
export interface Settings {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly seed: string;
  /** A locked seed is used again; an unlocked one is thrown anew for each picture. */
  readonly seedLocked: boolean;
  readonly steps: number;
  /** Name of a sampler as the engine takes it. */
  readonly sampler: string;
  /** Name of a schedule; empty for the sampler's own. */
  readonly schedule: string;
  readonly guidance: number;
  readonly width: number;
  readonly height: number;
  /** 1 takes all of the text encoder's layers. */
  readonly clipSkip: number;
  /** Whose random numbers: PyTorch's on the processor, or those of NVIDIA's devices. */
  readonly rng: 'cpu' | 'nv';
  /** Decimal text like the seed; its noise is mixed in by `variationStrength`, 0 … 1. */
  readonly variationSeed: string;
  readonly variationStrength: number;
  /** Added to the seed for the noise that ancestral samplers draw later. */
  readonly laterSeedDelta: number;
  /** Opposite edges of the picture meet. */
  readonly tiling: boolean;
  /** Whether the VAE runs over tiles. */
  readonly vaeTiling: VaeTiling;
  /** Pictures at once, and how many times. */
  readonly batchSize: number;
  readonly batchCount: number;
  /** How far a start picture is drawn anew, 0 … 1. */
  readonly denoisingStrength: number;
  /** Pixels that the edge of a mask is softened by. */
  readonly maskBlur: number;
  readonly maskedContent: MaskedContent;
  /** How a second pass enlarges the first one's picture; empty for none. */
  readonly hiresUpscaler: '' | HiresUpscaler;
  readonly hiresScale: number;
  /** 0: as many as the first pass. */
  readonly hiresSteps: number;
  readonly hiresStrength: number;
}

export const VAE_TILINGS = ['auto', 'on', 'off'] as const;
export type VaeTiling = (typeof VAE_TILINGS)[number];

/** What a model proposes. */
export interface ModelDefaults {
  readonly width?: number;
  readonly height?: number;
  readonly steps?: number;
  readonly guidance?: number;
  readonly sampler?: string;
  readonly schedule?: string;
}

/** A sampler or a schedule for people to choose. */
export interface Named {
  readonly name: string;
  readonly title: string;
}

export interface SamplerChoice extends Named {
  /** It has timesteps of its own and takes no schedule. */
  readonly ownTimesteps: boolean;
}

export const FIRST_SETTINGS: Settings = {
  prompt: '',
  negativePrompt: '',
  seed: '1',
  seedLocked: false,
  steps: 20,
  sampler: 'ddim',
  schedule: '',
  guidance: 4,
  width: 64,
  height: 64,
  clipSkip: 1,
  rng: 'cpu',
  variationSeed: '1',
  variationStrength: 0,
  laterSeedDelta: 0,
  tiling: false,
  vaeTiling: 'auto',
  batchSize: 1,
  batchCount: 1,
  denoisingStrength: 0.75,
  maskBlur: 4,
  maskedContent: 'original',
  hiresUpscaler: '',
  hiresScale: 2,
  hiresSteps: 0,
  hiresStrength: 0.7,
};

export const LIMITS = {
  steps: { min: 1, max: 1000 },
  guidance: { min: 1, max: 30 },
  side: { min: 8, max: 2048 },
  clipSkip: { min: 1, max: 12 },
  variationStrength: { min: 0, max: 1 },
  laterSeedDelta: { min: -(2 ** 32), max: 2 ** 32 },
  batchSize: { min: 1, max: 16 },
  batchCount: { min: 1, max: 100 },
  denoisingStrength: { min: 0, max: 1 },
  maskBlur: { min: 0, max: 64 },
  hiresScale: { min: 1, max: 8 },
  hiresSteps: { min: 0, max: 1000 },
  hiresStrength: { min: 0.05, max: 1 },
} as const;

/** Pixels that a side is a multiple of, until a loaded model says its own. */
export const PIXEL_MULTIPLE = 8;

const SEED_END = 1n << 64n;

/** The seed as the engine takes it, or undefined when the text is no whole number in 0 … 2⁶⁴−1. */
export function seedOf(text: string): bigint | undefined {
  const trimmed = text.trim();
  if (!/^\d{1,20}$/.test(trimmed)) return undefined;
  const seed = BigInt(trimmed);
  return seed < SEED_END ? seed : undefined;
}

/** The settings that draw picture number `index` of a batch alone, its seed locked in. */
export function settingsOfPicture(settings: Settings, seed: bigint, index: number): Settings {
  const first = seedOf(settings.variationSeed);
  const varied = settings.variationStrength > 0 && first !== undefined;
  return {
    ...settings,
    seed: String(seed),
    ...(varied ? { variationSeed: String(first + BigInt(index)) } : {}),
    batchSize: 1,
    batchCount: 1,
  };
}

/** A new seed of 32 bits: short enough to read out, and every other tool takes it. */
export function throwSeed(): string {
  return String(crypto.getRandomValues(new Uint32Array(1))[0]);
}

/** A number held inside its limits; what is no number becomes `otherwise`. */
export function within(value: number, limits: { min: number; max: number }, otherwise: number): number {
  return Number.isFinite(value) ? Math.min(limits.max, Math.max(limits.min, value)) : otherwise;
}

/** The entry that `text` means, by name or by title, as other tools may write it. */
export function namedAs<Choice extends Named>(list: readonly Choice[], text: string): Choice | undefined {
  const plain = (words: string) => words.toLowerCase().replace(/[^a-z0-9+]/g, '');
  const wanted = plain(text);
  return list.find(({ name, title }) => plain(name) === wanted || plain(title) === wanted);
}

/** Settings with a model's proposals in place of their own. */
export function withDefaults(settings: Settings, defaults: ModelDefaults): Settings {
  return {
    ...settings,
    width: defaults.width ?? settings.width,
    height: defaults.height ?? settings.height,
    steps: defaults.steps ?? settings.steps,
    guidance: defaults.guidance ?? settings.guidance,
    sampler: defaults.sampler ?? settings.sampler,
    // A sampler that is proposed alone comes with its own.
    schedule: defaults.schedule ?? (defaults.sampler === undefined ? settings.schedule : ''),
  };
}

/** What must be put right before a picture can be drawn, in words; undefined when nothing. */
export function settingsFault(settings: Settings, multiple: number): string | undefined {
  if (settings.seedLocked && seedOf(settings.seed) === undefined) {
    return 'The seed must be a whole number from 0 to 18446744073709551615. Correct it, or press the dice.';
  }
  if (settings.variationStrength > 0 && seedOf(settings.variationSeed) === undefined) {
    return 'The variation seed must be a whole number from 0 to 18446744073709551615. Correct it, or press its dice.';
  }
  if (!Number.isInteger(settings.steps) || settings.steps < LIMITS.steps.min) {
    return 'Steps must be a whole number of at least 1.';
  }
  for (const side of ['width', 'height'] as const) {
    const pixels = settings[side];
    if (pixels % multiple !== 0 || pixels < LIMITS.side.min || pixels > LIMITS.side.max) {
      return `The ${side} must be a multiple of ${multiple} from ${LIMITS.side.min} to ${LIMITS.side.max} pixels.`;
    }
  }
  return undefined;
}
