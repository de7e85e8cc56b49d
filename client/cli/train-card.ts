// What the author of a style says while it is trained: a card's fields from a file and from options.
import { parseCardJson } from '../kit/author-card.ts';
import { readCardFile } from './card-file.ts';
import { UsageError } from './command.ts';

/** The author's fields: those of the file, and the two options. */
export async function cardOf(
  output: string,
  path: string | undefined,
  options: Readonly<Record<'author' | 'licence', string | undefined>>,
): Promise<Record<string, unknown>> {
  const isStyle = output.endsWith('.style');
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  if (!isStyle && (path !== undefined || given.length > 0)) {
    throw new UsageError('--card, --author and --licence go with an --output that ends in .style');
  }
  const said = path === undefined ? {} : Object(parseCardJson(await readCardFile(path), path));
  const card = { ...said, ...Object.fromEntries(given) };
  const missing = ['author', 'licence'].filter((field) => isStyle && !(field in card));
  if (missing.length === 0) return card;
  throw new UsageError(
    `a .style needs ${missing.map((field) => `--${field}`).join(' and ')}, or a --card that says so`,
  );
}
