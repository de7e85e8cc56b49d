// From a picture's words to the prompt of a step: captions, templates, shuffled and dropped tags.
import type { RandomStream } from './random.ts';

export interface CaptionOptions {
  /** Prompts, one of which is drawn for each picture: `[filewords]` is the caption, `[name]` what is trained. */
  readonly templates: readonly string[];
  /** Tags, which commas part, in another order each time. */
  readonly shuffleTags: boolean;
  /** Share of the tags that are left out, each by itself: 0 … 1. */
  readonly tagDropout: number;
  /** Share of the prompts that are empty, so that what is trained shows without words too: 0 … 1. */
  readonly emptyShare: number;
}

/** Files that may be pictures of a training set, by their names. */
export const PICTURE_NAME = /\.(png|jpe?g|webp|gif)$/i;
/** A caption is a few lines. */
export const MAX_CAPTION_BYTES = 64 * 2 ** 10;

/** As the reference strips them: digits and dashes that number the files. */
const NUMBERS_AT_START = /^[-\d]+\s*/;

/** The caption of a file without a text beside it: its name without number and ending, underscores as spaces. */
export function captionOfFileName(name: string): string {
  const stem = name
    .split(/[/\\]/)
    .at(-1)!
    .replace(/\.[^.]+$/, '');
  return stem.replaceAll('_', ' ').replace(NUMBERS_AT_START, '').trim();
}

/** Caption text from a file's bytes: UTF-8, else Latin-1, which every sequence of bytes is; lines become spaces. */
export function decodeCaption(bytes: Uint8Array): string {
  const text = decoded(bytes);
  return text
    .replace(/^\uFEFF/, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function decoded(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}

/** The prompt of one picture at one step. */
export function drawPrompt(
  caption: string,
  name: string,
  { templates, shuffleTags, tagDropout, emptyShare }: CaptionOptions,
  random: RandomStream,
): string {
  const empty = random.uniform() < emptyShare;
  const template = templates[random.below(templates.length)]!;
  let tags = caption
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  if (shuffleTags) tags = random.shuffled(tags);
  if (tagDropout > 0) tags = tags.filter(() => random.uniform() >= tagDropout);
  const words = shuffleTags || tagDropout > 0 ? tags.join(', ') : caption;
  const values: Readonly<Record<string, string>> = { '[filewords]': words, '[name]': name };
  const prompt = template.replace(/\[(filewords|name)\]/g, (key) => values[key]!);
  return empty ? '' : prompt.trim();
}
