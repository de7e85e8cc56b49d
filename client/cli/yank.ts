// `tincture yank`: a published version hidden, or shown again.
import { createPublishing } from '../publishing.ts';
import { type Command, parseCommandLine, required, UsageError } from './command.ts';
import { registryAccess } from './credentials.ts';
import { json } from './output.ts';

const HELP = `Usage: tincture yank NAME@VERSION --reason TEXT [--registry URL] [--json]
       tincture yank NAME@VERSION --undo [--registry URL] [--json]

Hides a version of yours from searches, ranges and latest. Whoever has pinned exactly this version still gets it: nothing is
deleted. --undo shows it again.

  --reason TEXT    why, for those who look it up
  --undo           take the yank back
  --registry URL   default: TINCTURE_REGISTRY, or that of the last login
  --json           print { name, version, yanked, outcome }`;

export const yank: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      reason: { type: 'string' },
      undo: { type: 'boolean' },
      registry: { type: 'string' },
      json: { type: 'boolean' },
    });
    const [which, ...others] = positionals;
    const [name, version, ...rest] = which?.split('@') ?? [];
    if (!name || !version || rest.length > 0 || others.length > 0) {
      throw new UsageError('yank takes one version, as NAME@1.2.0');
    }
    const undo = values.undo === true;
    if (undo && values.reason !== undefined) throw new UsageError('--undo takes no --reason');
    const reason = undo ? undefined : required('--reason', values.reason);
    const { registry, token } = await registryAccess(values.registry);
    const { outcome } = await createPublishing(registry, { token }).yank(name, version, reason);
    if (values.json === true) terminal.out(json({ name, version, yanked: !undo, outcome }));
    else {
      const already = outcome === 'unchanged' ? ' already' : '';
      terminal.out(`${name} ${version} is${already} ${undo ? 'shown' : 'hidden'}.`);
    }
  },
};
