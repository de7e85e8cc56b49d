// The command line that draws the same picture outside the browser.
import type { ShelfEmbedding } from './embeddings.ts';
import type { Settings } from './settings.ts';
import { maskOf, type StartPicture } from './start-picture.ts';
import { strengthWords } from './strengths.ts';
import type { ShelfStyle, StyleInUse } from './styles.ts';

/**
 * A line for the checkout that generates the picture, quoted for a POSIX shell. Styles and
 * embeddings that were dropped are named by their file.
 */
export function commandFor(
  settings: Settings,
  styles: readonly StyleInUse[],
  shelf: readonly ShelfStyle[],
  model: string,
  embeddings: readonly ShelfEmbedding[] = [],
  start?: StartPicture,
): string {
  const words = ['npm run -s tincture -- generate', quote(settings.prompt), '--model', quote(model)];
  for (const use of styles) {
    const { id, strength, parameters } = use;
    const style = shelf.find((entry) => entry.id === id);
    if (style === undefined) continue;
    const source = style.file instanceof File ? style.file.name : style.name;
    words.push('--style', quote(`${source}:${strength}${strengthWords(use)}`));
    for (const [name, value] of Object.entries(parameters ?? {})) {
      words.push('--parameter', quote(`${source}.${name}=${value}`));
    }
  }
  for (const { name, file } of embeddings) words.push('--embedding', quote(file?.name ?? name));
  if (settings.negativePrompt.trim() !== '') words.push('--negative', quote(settings.negativePrompt));
  words.push('--steps', String(settings.steps), '--sampler', quote(settings.sampler));
  // The word for the sampler’s own, since a model may propose another.
  words.push('--schedule', quote(settings.schedule || 'automatic'));
  words.push('--guidance', String(settings.guidance), '--seed', settings.seed);
  if (settings.clipSkip > 1) words.push('--clip-skip', String(settings.clipSkip));
  if (settings.rng !== 'cpu') words.push('--rng', settings.rng);
  if (settings.variationStrength > 0) {
    words.push('--variation-seed', settings.variationSeed);
    words.push('--variation-strength', String(settings.variationStrength));
  }
  if (settings.laterSeedDelta !== 0) words.push(`--ensd=${settings.laterSeedDelta}`);
  if (settings.tiling) words.push('--tiling');
  if (settings.vaeTiling !== 'auto') words.push('--vae-tiling', settings.vaeTiling);
  if (settings.batchSize > 1) words.push('--batch-size', String(settings.batchSize));
  if (settings.batchCount > 1) words.push('--batch-count', String(settings.batchCount));
  words.push(...(start === undefined ? hiresWords(settings) : startWords(start, settings)));
  words.push('--width', String(settings.width), '--height', String(settings.height), '--output picture.png');
  return words.join(' ');
}

/** The mask is saved from its dialog under this name. */
export const MASK_NAME = 'mask.png';

function startWords(start: StartPicture, settings: Settings): string[] {
  const words = ['--image', quote(start.name), '--denoise', String(settings.denoisingStrength)];
  if (maskOf(start) === undefined) return words;
  const content = settings.maskedContent.replace(' ', '-');
  return [
    ...words,
    '--mask',
    MASK_NAME,
    '--mask-blur',
    String(settings.maskBlur),
    '--masked-content',
    content,
  ];
}

function hiresWords({ hiresUpscaler, hiresScale, hiresSteps, hiresStrength }: Settings): string[] {
  if (hiresUpscaler === '') return [];
  const steps = hiresSteps > 0 ? ['--hires-steps', String(hiresSteps)] : [];
  const words = ['--hires-upscaler', hiresUpscaler, '--hires-scale', String(hiresScale), ...steps];
  return [...words, '--hires-denoise', String(hiresStrength)];
}

/** Single quotes, in which a shell reads nothing but the next single quote. */
function quote(text: string): string {
  return /^[\w.:/+=@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
