// The kit's templates as the playground offers them: the sources to edit, the card to begin with, and weights to try.
import { parseAuthorCard } from '../../kit/author-card.ts';
import type { SourceFiles } from '../../kit/compile.ts';
import type { TemplateName } from '../../kit/templates.ts';
import { TEMPLATE_SUMMARIES, TEMPLATES, templateWeights } from '../../kit/templates.ts';
import type { WeightsFile, Work } from './playground-state.ts';

const FOLDER = '../../kit/templates/';
const TEXTS: Readonly<Record<string, string>> = import.meta.glob(
  ['../../kit/templates/*/card.json', '../../kit/templates/*/assembly/*.ts'],
  { query: '?raw', import: 'default', eager: true },
);

/** With what the playground opens at first: it draws something of its own without any weights. */
export const FIRST_TEMPLATE: TemplateName = 'procedural';

export interface TemplateChoice {
  readonly name: TemplateName;
  readonly title: string;
  /** One line. */
  readonly summary: string;
}

/** What there is to begin with, in the kit's order. */
export const TEMPLATE_CHOICES: readonly TemplateChoice[] = TEMPLATES.map((name) => ({
  name,
  title: cardOf(name).title,
  summary: TEMPLATE_SUMMARIES[name],
}));

export function isTemplate(name: string): name is TemplateName {
  return (TEMPLATES as readonly string[]).includes(name);
}

/** Fresh work from a template. */
export function workFrom(template: TemplateName): Work {
  const card = cardOf(template);
  const { name, version, title, author, licence, description } = card;
  return {
    template,
    files: sourcesOf(template),
    entry: card.files.plugin ?? 'assembly/index.ts',
    card: { name, version, title, author, licence, description },
    contextWidth: card.base.contextWidth,
  };
}

/** The weights that the template's card names, in its order: small and random, to be replaced by trained ones. */
export function weightsFrom(template: TemplateName): readonly WeightsFile[] {
  const made = templateWeights(template);
  return cardOf(template).files.weights.flatMap((path) => {
    const bytes = made[path];
    return bytes === undefined ? [] : [{ name: path.replace(/^.*\//, ''), bytes }];
  });
}

function cardOf(template: TemplateName) {
  return parseAuthorCard(TEXTS[`${FOLDER}${template}/card.json`] ?? '', `${template}/card.json`);
}

function sourcesOf(template: TemplateName): SourceFiles {
  const folder = `${FOLDER}${template}/`;
  const inside = Object.entries(TEXTS).filter(([path]) => path.startsWith(folder) && path.endsWith('.ts'));
  return Object.fromEntries(inside.map(([path, text]) => [path.slice(folder.length), text]));
}
