// What the engine is asked for: the form's settings, the styles in use and the embeddings at hand, as a request.
import { embeddingsFor, type ShelfEmbedding } from './embeddings.ts';
import type { Settings } from './settings.ts';
import { namedAs, seedOf } from './settings.ts';
import { type StartPicture, startRequest } from './start-picture.ts';
import type { ShelfStyle, StyleInUse } from './styles.ts';
import type { DrawRequest, Tincture } from './tincture.ts';

/** The request for a picture; styles that are not on the shelf are left out. */
export function requestOf(
  settings: Settings,
  styles: DrawRequest['styles'],
  lists: Pick<Tincture, 'samplers'>,
  embeddings: readonly ShelfEmbedding[] = [],
  start?: StartPicture,
): DrawRequest {
  const { variationStrength, clipSkip, rng, laterSeedDelta, batchSize, batchCount } = settings;
  const sampler = namedAs(lists.samplers, settings.sampler);
  return {
    prompt: settings.prompt,
    negativePrompt: settings.negativePrompt,
    styles,
    embeddings: embeddingsFor(embeddings, settings).map(({ name, file }) =>
      file === undefined ? name : { name, file },
    ),
    // `settingsFault` has refused a seed that cannot be read.
    seed: seedOf(settings.seed) ?? 0n,
    steps: settings.steps,
    sampler: settings.sampler,
    // The form shows what a model proposes: empty is the sampler’s own, whatever the model says.
    ...(sampler?.ownTimesteps === true ? {} : { schedule: settings.schedule || 'automatic' }),
    guidance: settings.guidance,
    width: settings.width,
    height: settings.height,
    clipSkip,
    rng,
    ...(variationStrength > 0
      ? { variationSeed: seedOf(settings.variationSeed) ?? 0n, variationStrength }
      : {}),
    laterSeedDelta,
    tiling: settings.tiling,
    vaeTiling: settings.vaeTiling,
    batchSize,
    batchCount,
    ...startRequest(start, settings),
    ...(start === undefined ? hiresRequest(settings) : {}),
    previewEvery: 1,
  };
}

/** A second pass, which only pictures from noise have. */
function hiresRequest(settings: Settings): Pick<DrawRequest, 'hires'> {
  const { hiresUpscaler, hiresScale, hiresSteps, hiresStrength } = settings;
  if (hiresUpscaler === '') return {};
  return {
    hires: {
      upscaler: hiresUpscaler,
      scale: hiresScale,
      denoisingStrength: hiresStrength,
      ...(hiresSteps > 0 ? { steps: hiresSteps } : {}),
    },
  };
}

/** The styles in use as the engine takes them, in their order. */
export function usesOf(inUse: readonly StyleInUse[], shelf: readonly ShelfStyle[]): DrawRequest['styles'] {
  return inUse.flatMap(({ id, ...use }) => {
    const style = shelf.find((entry) => entry.id === id);
    if (style === undefined) return [];
    const source = style.file === undefined ? style.name : { name: style.name, file: style.file };
    return [{ style: source, ...use }];
  });
}
