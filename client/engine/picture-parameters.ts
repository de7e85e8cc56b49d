// The text block that a finished picture carries.
import { type PictureParameters, writeParameters } from '../prompt/parameters.ts';
import type { StyleStrengths } from '../prompt/style-fields.ts';
import { formatStyleTag } from '../prompt/style-tags.ts';
import { SCHEDULES } from '../sampling/names.ts';
import type { OpenEmbedding } from './embeddings.ts';
import type { ModelFacts } from './engine.ts';
import { DEFAULT_SCALE, HIRES_UPSCALERS } from './hires.ts';
import type { Plan } from './request.ts';
import type { ReadyStyle } from './styles.ts';
import { VERSION } from './version.ts';

/** What all pictures of a request have in common. */
export interface DrawnFrom {
  readonly plan: Plan;
  readonly model: ModelFacts;
  /** The prompt without its style tags. */
  readonly text: string;
  readonly styles: readonly ReadyStyle[];
  /** Those whose words are in the prompts. */
  readonly embeddings: readonly OpenEmbedding[];
}

/**
 * The text block of picture number `index`: the prompt's text, then a tag for each style in the order in which they were applied.
 * A field stands where it differs from what the web UI reads into its absence.
 */
export function pictureParameters(
  { plan, model, text, styles, embeddings }: DrawnFrom,
  index: number,
): string {
  const schedule = SCHEDULES.find(({ key }) => key === plan.schedule);
  const adjustable = styles.filter(({ parameters }) => Object.keys(parameters).length > 0);
  const strengths = strengthsTold(styles);
  const { variation, start } = plan;
  const parameters: PictureParameters = {
    prompt: [text.trim(), ...styles.map(formatStyleTag)].join(' ').trim(),
    negativePrompt: plan.negativePrompt,
    steps: plan.steps,
    sampler: plan.sampler.title,
    ...(schedule !== undefined && { scheduleType: schedule.title }),
    guidance: plan.guidance,
    seed: plan.seeds[index]!,
    size: { width: plan.width, height: plan.height },
    modelHash: model.hash,
    model: model.name,
    rng: plan.rng === 'cpu' ? 'CPU' : 'NV',
    ...(variation !== undefined && {
      variationSeed: variation.seeds[index]!,
      variationStrength: variation.strength,
    }),
    ...(start !== undefined && { denoisingStrength: start.strength }),
    ...maskParameters(start),
    ...hiresParameters(plan),
    ...(plan.clipSkip > 1 && { clipSkip: plan.clipSkip }),
    ...(plan.laterSeedDelta !== 0 && plan.sampler.ancestral && { ensd: plan.laterSeedDelta }),
    ...(plan.tiling && { tiling: true }),
    ...(plan.vaeTiling !== 'auto' && { vaeTiling: plan.vaeTiling }),
    ...(styles.length > 0 && {
      hypernetHashes: Object.fromEntries(styles.map(({ name, hash }) => [name, hash])),
    }),
    ...(embeddings.length > 0 && {
      embeddingHashes: Object.fromEntries(embeddings.map(({ name, hash }) => [name, hash])),
    }),
    ...(adjustable.length > 0 && {
      styleParameters: adjustable.map((style) => ({ style: style.name, parameters: style.parameters })),
    }),
    ...(strengths.length > 0 && { styleStrengths: strengths }),
    version: `Tincture ${VERSION}`,
  };
  return writeParameters(parameters);
}

/** An entry for each use of a style that has any factors, so that readers can tell several uses of one style apart. */
function strengthsTold(styles: readonly ReadyStyle[]): StyleStrengths[] {
  const told = styles.map(({ name, factors: { k = 1, v = 1, widths = {} }, overSteps }): StyleStrengths => {
    const changed = Object.entries(widths).filter(([, factor]) => factor !== 1);
    const strengths = {
      ...(k !== 1 && { k }),
      ...(v !== 1 && { v }),
      ...(changed.length > 0 && { widths: Object.fromEntries(changed) }),
    };
    return {
      style: name,
      ...(Object.keys(strengths).length > 0 && { strengths }),
      ...(overSteps.length > 0 && { overSteps }),
    };
  });
  const adjusted = new Set(
    told.filter(({ strengths, overSteps }) => strengths ?? overSteps).map(({ style }) => style),
  );
  return told.filter(({ style }) => adjusted.has(style));
}

/** Of a mask: its blur, and its content where that is not the picture itself. */
function maskParameters(start: Plan['start']): Pick<PictureParameters, 'maskBlur' | 'maskedContent'> {
  if (start === undefined || !('image' in start) || start.mask === undefined) return {};
  const { blur, content } = start.mask;
  return { maskBlur: blur, ...(content !== 'original' && { maskedContent: content }) };
}

/** Of a second pass: its strength and upscaler, and what was asked for. */
function hiresParameters({ hires }: Plan): Partial<PictureParameters> {
  if (hires === undefined) return {};
  const { asked, width, height, denoisingStrength } = hires;
  const byScale = asked.width === undefined && asked.height === undefined;
  return {
    denoisingStrength,
    ...(byScale ? { hiresScale: asked.scale ?? DEFAULT_SCALE } : { hiresSize: { width, height } }),
    ...(asked.steps !== undefined && { hiresSteps: asked.steps }),
    hiresUpscaler: HIRES_UPSCALERS.find(({ key }) => key === hires.upscaler)!.title,
  };
}
