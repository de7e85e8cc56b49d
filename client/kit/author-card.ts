// `card.json`, what an author writes of a style: the manifest's card, and which files of the folder go into it.
import { z } from 'zod';
import { TinctureError } from '../../plugins/contract/error.ts';
import { MAX_WEIGHTS_FILES } from '../../plugins/contract/limits.ts';
import { firstIssue, MAX_PREVIEWS, type StyleCard, styleCardSchema } from '../../plugins/contract/style.ts';

export const CARD_FILE = 'card.json';

/** A path inside the author's folder: no way out of it, on any system. */
const pathSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\w][\w .-]*(?:\/[\w][\w .-]*)*$/, 'must be a path inside the folder, with / between its parts');

const filesSchema = z.strictObject({
  /** A source to compile, or a finished module; null: the standard plugin. */
  plugin: pathSchema.regex(/\.(ts|wasm)$/, 'must end in .ts or .wasm').nullable(),
  /** Sets 0, 1 … of the plugin: .safetensors, or hypernetworks as .pt. */
  weights: z
    .array(pathSchema.regex(/\.(safetensors|pt)$/, 'must end in .safetensors or .pt'))
    .max(MAX_WEIGHTS_FILES)
    .default([]),
  previews: z
    .array(pathSchema.regex(/\.png$/, 'must end in .png'))
    .max(MAX_PREVIEWS)
    .default([]),
});

/**
 * `layers` may be left out: they are then what the first weights file holds. So may `parameters`, which are then those
 * that the plugin describes; if they are there, they must be the same.
 */
export const authorCardSchema = z.strictObject({
  ...styleCardSchema.shape,
  layers: styleCardSchema.shape.layers.optional(),
  parameters: styleCardSchema.shape.parameters.optional(),
  files: filesSchema,
});
export type AuthorCard = z.infer<typeof authorCardSchema>;
export type CardFiles = AuthorCard['files'];

/** The JSON of a card. Throws `kit/card` naming the line of a slip. */
export function parseCardJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    const at = /position (\d+)/.exec(message)?.[1];
    const line = at === undefined ? '' : `:${text.slice(0, Number(at)).split('\n').length}`;
    throw new TinctureError('kit/card', 'the card is not JSON', {
      where: `${where}${line}`,
      found: message,
      cause,
    });
  }
}

/** Parses and checks `card.json`. Throws `kit/card` naming the line of a slip in the JSON, or the field. */
export function parseAuthorCard(text: string, where: string = CARD_FILE): AuthorCard {
  const value = parseCardJson(text, where);
  const parsed = authorCardSchema.safeParse(value);
  if (!parsed.success) throw cardError(where, parsed.error);
  const { plugin, weights } = parsed.data.files;
  if (plugin === null && weights.length === 0) {
    throw new TinctureError('kit/card', 'the card names neither a plugin nor weights', {
      where: `${where}, files`,
      fix: 'Name a source in files.plugin, or a hypernetwork in files.weights.',
    });
  }
  return parsed.data;
}

/** The same, of a whole card. */
export function checkCard(card: unknown, where: string = CARD_FILE): StyleCard {
  const parsed = styleCardSchema.safeParse(card);
  if (parsed.success) return parsed.data;
  throw cardError(where, parsed.error);
}

function cardError(where: string, error: z.ZodError): TinctureError {
  const { field, message } = firstIssue(error);
  return new TinctureError('kit/card', message, { where: field === '' ? where : `${where}, ${field}` });
}
