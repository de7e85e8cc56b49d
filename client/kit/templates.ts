// The templates that a new style can begin with: their files are in templates/, a folder for each.
import { TinctureError } from '../../plugins/contract/error.ts';
import { nameSchema } from '../../plugins/contract/style.ts';
import { CARD_FILE } from './author-card.ts';
import { titleFrom } from './style-names.ts';
import { randomFactors, randomGenerator, randomHypernetwork } from './template-weights.ts';

export const TEMPLATES = ['hypernetwork', 'procedural', 'blend', 'low-rank', 'generator'] as const;
export type TemplateName = (typeof TEMPLATES)[number];

/** One line for each, for lists. */
export const TEMPLATE_SUMMARIES: Readonly<Record<TemplateName, string>> = {
  hypernetwork: 'a trained hypernetwork, with a slider',
  procedural: 'no weights, a formula on the prompt’s context',
  blend: 'two hypernetworks and a slider between them',
  'low-rank': 'a hypernetwork kept as thin int8 factors',
  generator: 'a small network that makes the weights from the prompt',
};

/** The weights that a template's card names, by path: small, random, for the default model, always the same. */
export function templateWeights(template: TemplateName): Readonly<Record<string, Uint8Array<ArrayBuffer>>> {
  switch (template) {
    case 'hypernetwork':
      return { 'weights/style.safetensors': randomHypernetwork('style', 1) };
    case 'procedural':
      return {};
    case 'blend':
      return {
        'weights/first.safetensors': randomHypernetwork('first', 2),
        'weights/second.safetensors': randomHypernetwork('second', 3),
      };
    case 'low-rank':
      return { 'weights/factors.safetensors': randomFactors(4) };
    case 'generator':
      return { 'weights/generator.safetensors': randomGenerator(5) };
  }
}

/**
 * A template's texts under a style's own name: `name` is the style's, of lower-case letters, digits and inner hyphens; the
 * title is made of it. Throws `kit/name` for another name.
 */
export function fillTemplate(
  texts: Readonly<Record<string, string>>,
  name: string,
): Readonly<Record<string, string>> {
  const checked = nameSchema.safeParse(name);
  if (!checked.success) {
    throw new TinctureError('kit/name', 'the name cannot be used', {
      expected: 'lower-case letters and digits with single hyphens between, 64 at most',
      found: JSON.stringify(name),
    });
  }
  const title = titleFrom(name);
  const filled = { ...texts };
  const card = JSON.parse(texts[CARD_FILE] ?? '{}') as Record<string, unknown>;
  filled[CARD_FILE] = formatCard({ ...card, name, title });
  const readme = texts['README.md'];
  if (readme !== undefined) filled['README.md'] = readme.replace(/^# .*/, `# ${title}`);
  return filled;
}

/** A card as people write it: lists that fit stand on one line. */
export function formatCard(card: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(card, null, 2);
  const short = text.replace(/[[{]\n\s+[^[\]{}]*?\n\s+[\]}]/g, (list) => {
    const line = list.replace(/\n\s+/g, ' ').replace(/^\[ /, '[').replace(/ \]$/, ']');
    return line.length <= 90 ? line : list;
  });
  return `${short}\n`;
}
