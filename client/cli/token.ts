// `tincture token` and `whoami`: the account's tokens, and who one is.
import { MAX_TOKEN_DAYS } from '../../plugins/contract/token.ts';
import { createAccount, type TokenFacts } from '../account.ts';
import { type Command, parseCommandLine, required, UsageError, wholeNumber } from './command.ts';
import { registryAccess } from './credentials.ts';
import { json, printable, table } from './output.ts';
import { scopesOf } from './scopes.ts';

const HELP = `Usage: tincture token list   [--registry URL] [--json]
       tincture token create --name NAME --scope SCOPE… [--days N] [--registry URL] [--json]
       tincture token revoke ID [--registry URL] [--json]

Tokens let programs act for you. One is printed once, when it is made, and only its hash is kept. A token that you make here
reaches no further and lasts no longer than the one of your login, and is revoked with it; make others in the studio.

  --name NAME     what it is called in the list
  --scope SCOPE   publish, yank or admin; again for the next
  --days N        days until it ends (default 90, at most ${MAX_TOKEN_DAYS})
  --registry URL  default: TINCTURE_REGISTRY, or that of the last login
  --json          list: an array; create: { id, token, … }; revoke: { id }`;

export const token: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      name: { type: 'string' },
      scope: { type: 'string', multiple: true },
      days: { type: 'string' },
      registry: { type: 'string' },
      json: { type: 'boolean' },
    });
    const [verb, id, ...rest] = positionals;
    if (rest.length > 0 || (id !== undefined && verb !== 'revoke')) {
      throw new UsageError('too many arguments');
    }
    const account = async () => {
      const { registry, token: own } = await registryAccess(values.registry);
      return createAccount(registry, { token: own });
    };
    if (verb === 'list') {
      const tokens = await (await account()).tokens();
      terminal.out(values.json === true ? json(tokens) : listing(tokens));
    } else if (verb === 'create') {
      const name = required('--name', values.name);
      const scopes = scopesOf(values.scope ?? []);
      if (scopes.length === 0) throw new UsageError('--scope is missing');
      const days = wholeNumber('--days', values.days, 1, MAX_TOKEN_DAYS);
      const made = await (await account()).makeToken({ name, scopes, days });
      if (values.json === true) {
        terminal.out(json(made));
        return;
      }
      terminal.note(
        `${made.scopes.join(', ')}, until ${made.expiresAt.slice(0, 10)}; id ${made.id}. It is shown this once:`,
      );
      terminal.out(made.token);
    } else if (verb === 'revoke') {
      const wanted = required('the id of the token', id);
      await (await account()).revokeToken(wanted);
      terminal.out(values.json === true ? json({ id: wanted }) : `Revoked ${wanted}.`);
    } else {
      throw new UsageError('write token list, token create or token revoke');
    }
  },
};

export const whoami: Command = {
  help: `Usage: tincture whoami [--registry URL] [--json]

Who you are at the registry, and what your token reaches to.

  --registry URL  default: TINCTURE_REGISTRY, or that of the last login
  --json          print { registry, handle, displayName, role, scopes }`,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      registry: { type: 'string' },
      json: { type: 'boolean' },
    });
    if (positionals.length > 0) throw new UsageError('whoami takes no argument');
    const { registry, token: own } = await registryAccess(values.registry);
    const { handle, displayName, role, scopes } = await createAccount(registry, { token: own }).me();
    if (values.json === true) {
      terminal.out(json({ registry, handle, displayName, role, scopes }));
      return;
    }
    terminal.out(
      printable(`${handle} (${displayName}), ${role} at ${registry}, for ${scopes.join(', ') || 'nothing'}`),
    );
  },
};

function listing(tokens: readonly TokenFacts[]): string {
  if (tokens.length === 0) return 'no tokens';
  return printable(
    table([
      ['ID', 'NAME', 'SCOPES', 'LAST USED', 'ENDS'],
      ...tokens.map(({ id, name, scopes, lastUsedAt, expiresAt, revokedAt }) => [
        id,
        name,
        scopes.join(','),
        lastUsedAt?.slice(0, 10) ?? 'never',
        revokedAt === null ? expiresAt.slice(0, 10) : `revoked ${revokedAt.slice(0, 10)}`,
      ]),
    ]),
  );
}
