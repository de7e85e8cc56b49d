// Puts what a picture's text says back into the form, and says in words what could not be.
import type { StrengthFactors, StrengthPoint } from '../../index.ts';
import type { Settings } from './settings.ts';
import { LIMITS, namedAs, seedOf, VAE_TILINGS, within } from './settings.ts';
import { FACTOR, type FactorOf, withCurve, withFactor } from './strengths.ts';
import type { StudioState } from './studio.ts';
import type { ShelfStyle, StyleInUse } from './styles.ts';
import { adjust, strengthText, styleNamed } from './styles.ts';
import type { DrawnWith, Tincture } from './tincture.ts';

export interface Restored {
  readonly settings: Settings;
  readonly inUse: readonly StyleInUse[];
  /** What the user should know, the success first. */
  readonly notices: readonly string[];
}

/**
 * Settings and styles of a picture. Styles that are not at hand stay in the prompt as tags, so that dropping their
 * file later and drawing needs nothing more; the seed is locked, for the same picture is what the user wants.
 */
export function restoreFrom(
  drawn: DrawnWith,
  state: Pick<StudioState, 'settings' | 'shelf' | 'model' | 'press' | 'embeddings'>,
  lists: Lists,
): Restored {
  const notices = ['Parameters restored from the picture; the seed is locked.'];
  const inUse: StyleInUse[] = [];
  let prompt = drawn.prompt;
  for (const { name, strength, parameters, strengths, overSteps } of drawn.styles) {
    const style = styleNamed(state.shelf, name);
    if (style === undefined) {
      notices.push(
        `Style ${name} (strength ${strengthText(strength)}) is not here. Drop its file, or search for it under “Styles”.`,
      );
    }
    // Cards come before the prompt's tags: from the first that cannot be a card on, all stay tags, in their order.
    const staysTag =
      style === undefined || prompt !== drawn.prompt || inUse.some(({ id }) => id === style.id);
    if (!staysTag) {
      const use = withParameters(style, strength, parameters ?? {});
      inUse.push(...withStrengths(use, style.id, strengths ?? {}, overSteps ?? []));
      continue;
    }
    prompt = `${prompt} <hypernet:${name}:${strength}>`.trim();
    if (strengths !== undefined || overSteps !== undefined) {
      notices.push(
        `Style ${name} stays in the prompt as a tag, which cannot say its strengths by part and step: they are left out.`,
      );
    }
  }
  const { sampler, schedule } = samplingOf(drawn, lists);
  if (drawn.sampler !== undefined && sampler === undefined) {
    notices.push(`The sampler ${drawn.sampler} is not known here; ${state.settings.sampler} stays.`);
  }
  if (drawn.schedule !== undefined && schedule === undefined && !isAutomatic(drawn.schedule)) {
    notices.push(`The schedule ${drawn.schedule} is not known here; the sampler’s own is used.`);
  }
  if (isOtherModel(drawn, state)) {
    const hash = drawn.modelHash === undefined ? '' : ` (${drawn.modelHash})`;
    notices.push(
      `It was drawn with model ${drawn.model ?? 'of another name'}${hash}; ${state.model || 'none'} is loaded here.`,
    );
  }
  const { settings } = state;
  notices.push(...missingEmbeddings(drawn, state.embeddings));
  const hires = hiresOf(drawn, settings, lists);
  notices.push(...hires.notices);
  if (drawn.denoisingStrength !== undefined && hires.settings.hiresUpscaler === '') {
    const masked = drawn.maskBlur === undefined ? '' : ', within a mask';
    notices.push(
      `It was drawn over another picture${masked}, which the file does not carry. Bring that picture to draw on it again.`,
    );
  }
  if (drawn.rng === undefined) {
    notices.push('It does not say whose random numbers it is from; those of NVIDIA’s devices are used.');
  }
  const steps = Math.round(within(drawn.steps ?? settings.steps, LIMITS.steps, settings.steps));
  return {
    inUse,
    notices,
    settings: {
      prompt,
      negativePrompt: drawn.negativePrompt,
      seed: drawn.seed !== undefined && seedOf(drawn.seed) !== undefined ? drawn.seed : settings.seed,
      seedLocked: true,
      steps,
      sampler: sampler?.name ?? settings.sampler,
      schedule: schedule?.name ?? '',
      guidance: within(drawn.guidance ?? settings.guidance, LIMITS.guidance, settings.guidance),
      width: drawn.width ?? settings.width,
      height: drawn.height ?? settings.height,
      clipSkip: Math.round(within(drawn.clipSkip ?? 1, LIMITS.clipSkip, 1)),
      rng: drawn.rng?.toUpperCase() === 'CPU' ? 'cpu' : 'nv',
      tiling: drawn.tiling ?? false,
      vaeTiling: VAE_TILINGS.find((mode) => mode === drawn.vaeTiling) ?? 'auto',
      variationSeed: drawn.variationSeed ?? settings.variationSeed,
      variationStrength: within(drawn.variationStrength ?? 0, LIMITS.variationStrength, 0),
      laterSeedDelta: Math.round(within(drawn.laterSeedDelta ?? 0, LIMITS.laterSeedDelta, 0)),
      batchSize: 1,
      batchCount: 1,
      denoisingStrength: within(
        hires.settings.hiresUpscaler === '' ? (drawn.denoisingStrength ?? 0.75) : settings.denoisingStrength,
        LIMITS.denoisingStrength,
        settings.denoisingStrength,
      ),
      maskBlur: within(drawn.maskBlur ?? settings.maskBlur, LIMITS.maskBlur, settings.maskBlur),
      maskedContent: CONTENTS.find((content) => content === drawn.maskedContent) ?? 'original',
      ...hires.settings,
    },
  };
}

/** By the checkpoint's hash where both are known, for people rename models; else by the name. */
function isOtherModel({ model, modelHash }: DrawnWith, state: Pick<StudioState, 'model' | 'press'>): boolean {
  if (modelHash !== undefined && state.press.phase === 'ready') return modelHash !== state.press.facts.hash;
  return model !== undefined && model !== state.model;
}

type Lists = Pick<Tincture, 'samplers' | 'schedules' | 'upscalers'>;

const CONTENTS = ['fill', 'latent noise', 'latent nothing'] as const;

type HiresSettings = Pick<Settings, 'hiresUpscaler' | 'hiresScale' | 'hiresSteps' | 'hiresStrength'>;

/** The second pass; one to a size becomes one by a factor, since the form has no other. */
function hiresOf(
  drawn: DrawnWith,
  settings: Settings,
  { upscalers }: Lists,
): { readonly settings: HiresSettings; readonly notices: readonly string[] } {
  const { hiresScale, hiresSize, hiresSteps = 0, hiresUpscaler, denoisingStrength } = drawn;
  const { hiresScale: scale, hiresStrength: strength } = settings;
  const none = { hiresUpscaler: '', hiresScale: scale, hiresSteps: 0, hiresStrength: strength } as const;
  if (hiresScale === undefined && hiresSize === undefined) return { settings: none, notices: [] };
  const known = namedAs(upscalers, hiresUpscaler ?? 'latent');
  const by = hiresScale ?? (hiresSize?.width ?? settings.width) / (drawn.width ?? settings.width);
  const notices: string[] = [];
  if (known === undefined) {
    notices.push(`The upscaler ${hiresUpscaler} is not known here; its picture’s pixels are scaled instead.`);
  }
  if (hiresSize !== undefined && Math.round(by * (drawn.height ?? 0)) !== hiresSize.height) {
    notices.push(
      `Its second pass came to ${hiresSize.width} × ${hiresSize.height}, another shape than the first.`,
    );
  }
  return {
    notices,
    settings: {
      hiresUpscaler: known?.name ?? 'pixels',
      hiresScale: within(by, LIMITS.hiresScale, scale),
      hiresSteps: Math.round(within(hiresSteps, LIMITS.hiresSteps, 0)),
      hiresStrength: within(denoisingStrength ?? strength, LIMITS.hiresStrength, strength),
    },
  };
}

/** Older pictures name the schedule at the sampler's end: `DPM++ 2M Karras`. */
function samplingOf({ sampler: text = '', schedule = '' }: DrawnWith, { samplers, schedules }: Lists) {
  const sampler = namedAs(samplers, text);
  const named = isAutomatic(schedule) ? undefined : namedAs(schedules, schedule);
  if (sampler !== undefined) return { sampler, schedule: named };
  // The longest: `SGM Uniform` ends in `Uniform`.
  const end = schedules
    .filter(({ title }) => text.toLowerCase().endsWith(` ${title.toLowerCase()}`))
    .sort((a, b) => b.title.length - a.title.length)[0];
  if (end === undefined) return { sampler: undefined, schedule: named };
  return {
    sampler: namedAs(samplers, text.slice(0, -end.title.length)),
    schedule: named ?? end,
  };
}

/** The web UI's word for the sampler's own schedule. */
function isAutomatic(schedule: string): boolean {
  return schedule.trim().toLowerCase() === 'automatic';
}

/** Words of embeddings that the picture used and that are not at hand, or are other files. */
function missingEmbeddings(drawn: DrawnWith, embeddings: StudioState['embeddings']): string[] {
  return Object.entries(drawn.embeddings).flatMap(([word, hash]) => {
    const found = embeddings.find(({ words }) =>
      words.some((known) => known.toLowerCase() === word.toLowerCase()),
    );
    if (found === undefined)
      return [
        `The embedding ${word} is not here. Drop its file, or search for it under “Styles”, so that its word works.`,
      ];
    return found.sha256.startsWith(hash)
      ? []
      : [`The embedding ${word} at hand is another file than the picture’s.`];
  });
}

/** The style in use with a picture's parameters; those that it does not have, or no longer has, are left out. */
function withParameters(
  style: ShelfStyle,
  strength: number,
  parameters: Readonly<Record<string, number>>,
): readonly StyleInUse[] {
  return Object.entries(parameters).reduce<readonly StyleInUse[]>(
    (inUse, [name, value]) => adjust(inUse, style, name, value),
    [{ id: style.id, strength }],
  );
}

/** The style in use with a picture's factors and curve, each held in its range. */
function withStrengths(
  use: readonly StyleInUse[],
  id: string,
  strengths: StrengthFactors,
  overSteps: readonly StrengthPoint[],
): readonly StyleInUse[] {
  const { k = 1, v = 1, widths = {} } = strengths;
  const factors: (readonly [FactorOf, number])[] = [
    ['k', k],
    ['v', v],
    ...Object.entries(widths)
      .slice(0, FACTOR.widths)
      .map(([width, factor]) => [Number(width), factor] as const),
  ];
  const factored = factors.reduce((inUse, [of, factor]) => withFactor(inUse, id, of, factor), use);
  return withCurve(factored, id, overSteps);
}

/** The name under which a dropped model is listed. */
export function droppedModelName(manifest: Readonly<Record<string, unknown>>): string {
  const name = typeof manifest.name === 'string' && manifest.name !== '' ? manifest.name : 'model';
  return `${name.slice(0, 80)} (your files)`;
}
