// `tincture owner`: who may publish under a style's name.
import { createPublishing } from '../publishing.ts';
import { type Command, parseCommandLine, UsageError } from './command.ts';
import { registryAccess, registryOf } from './credentials.ts';
import { json } from './output.ts';

const HELP = `Usage: tincture owner list NAME [--registry URL] [--json]
       tincture owner add NAME HANDLE [--registry URL] [--json]
       tincture owner remove NAME HANDLE [--registry URL] [--json]

Owners of a name publish new versions, yank, and add and remove owners. The last one cannot go.

  --registry URL   default: TINCTURE_REGISTRY, or that of the last login
  --json           print { name, owners }`;

export const owner: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      registry: { type: 'string' },
      json: { type: 'boolean' },
    });
    const [verb, name, handle, ...rest] = positionals;
    const isList = verb === 'list';
    const fits = isList ? handle === undefined : handle !== undefined && rest.length === 0;
    if (name === undefined || !fits || !(isList || verb === 'add' || verb === 'remove')) {
      throw new UsageError('owner takes list NAME, add NAME HANDLE, or remove NAME HANDLE');
    }
    let owners: readonly string[];
    if (isList) owners = await createPublishing(await registryOf(values.registry)).owners(name);
    else {
      const { registry, token } = await registryAccess(values.registry);
      const publishing = createPublishing(registry, { token });
      owners =
        verb === 'add'
          ? await publishing.addOwner(name, handle!)
          : await publishing.removeOwner(name, handle!);
    }
    terminal.out(values.json === true ? json({ name, owners }) : owners.join('\n'));
  },
};
