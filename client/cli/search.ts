// `tincture search`: styles and embeddings of a registry.
import { kindOf, STYLE_KINDS } from '../../plugins/contract/style.ts';
import { createRegistry, memoryCache } from '../publishing.ts';
import { type Command, parseCommandLine, UsageError, wholeNumber } from './command.ts';
import { registryOf } from './credentials.ts';
import { json, printable, table } from './output.ts';

const HELP = `Usage: tincture search [TEXT…] [OPTIONS]

Finds styles and embeddings by words in their name, title, author, description, tags and trigger words; without words, all of them.

  --kind KIND           style or embedding; without it both
  --architecture NAME   such as stable-diffusion-v1
  --width N             context width of the base model
  --limit N             at most so many (default 24, at most 100)
  --registry URL        default: TINCTURE_REGISTRY, or that of the last login
  --json                print { styles: [{ name, version, kind, title, author, licence, architecture, contextWidth }], more }`;

/** Characters of a title in the list. */
const TITLE_CELLS = 40;

export const search: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      kind: { type: 'string' },
      architecture: { type: 'string' },
      width: { type: 'string' },
      limit: { type: 'string' },
      registry: { type: 'string' },
      json: { type: 'boolean' },
    });
    const contextWidth = wholeNumber('--width', values.width, 1, 16_384);
    const limit = wholeNumber('--limit', values.limit, 1, 100);
    const kind = STYLE_KINDS.find((known) => known === values.kind);
    if (kind === undefined && values.kind !== undefined) {
      throw new UsageError(`--kind must be ${STYLE_KINDS.join(' or ')}, not ${JSON.stringify(values.kind)}`);
    }
    const text = positionals.join(' ').trim();
    const registry = createRegistry(await registryOf(values.registry), { cache: memoryCache() });
    const { styles, nextCursor } = await registry.searchStyles({
      ...(text !== '' && { text }),
      ...(kind !== undefined && { kind }),
      ...(values.architecture !== undefined && { architecture: values.architecture }),
      ...(contextWidth !== undefined && { contextWidth }),
      ...(limit !== undefined && { limit }),
    });
    const found = styles.map(({ name, version, manifest }) => ({
      name,
      version,
      kind: kindOf(manifest),
      title: manifest.title,
      author: manifest.author,
      licence: manifest.licence,
      ...manifest.base,
    }));
    if (values.json === true) {
      terminal.out(json({ styles: found, more: nextCursor !== null }));
      return;
    }
    if (found.length === 0) terminal.note('Nothing fits.');
    else {
      terminal.out(
        table(
          found.map(({ name, version, kind, title, author, licence }) => [
            `${name}@${version}`,
            kind,
            printable(title).slice(0, TITLE_CELLS),
            printable(author).slice(0, TITLE_CELLS),
            printable(licence),
          ]),
        ),
      );
    }
    if (nextCursor !== null) terminal.note('There are more: name more words, or a higher --limit.');
  },
};
