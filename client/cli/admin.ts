// `tincture admin`: the first administrator, and what administrators do to publishers.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TinctureError } from '../../plugins/contract/error.ts';
import { createAccount } from '../account.ts';
import { type Command, parseCommandLine, required, UsageError } from './command.ts';
import { keepCredential, registryAccess, registryOf } from './credentials.ts';
import { json } from './output.ts';

const HELP = `Usage: tincture admin first HANDLE --registry URL [--name NAME] [--secret-file FILE | --secret SECRET] [--json]
       tincture admin suspend HANDLE --reason TEXT [--registry URL] [--json]
       tincture admin restore HANDLE [--registry URL] [--json]
       tincture admin role HANDLE administrator|publisher [--registry URL] [--json]

first    makes the registry's first administrator, a publisher who is there or a new one, with the deployment's bootstrap secret,
         and signs you in with a token of all scopes. It works once. A new account has no passkey yet: add one under
         “Account” in the studio, with that token.
suspend  refuses a publisher's credentials until it is restored; what it published stays
role     makes an administrator of a publisher, or the other way round

  --secret-file FILE  a file with the secret. For an edge on this machine the default is that of \`npm start\`
                      (.wrangler/tincture/bootstrap-secret in the checkout).
  --secret SECRET     the secret itself; others on this machine may see it in the list of processes
  --name NAME         the display name of a new publisher (default: the handle)
  --registry URL      default (but for first): TINCTURE_REGISTRY, or that of the last login
  --json              first: print { registry, handle, token, expiresAt }; else { handle }`;

/** Where \`npm start\` keeps it. */
const LOCAL_SECRET = join(import.meta.dirname, '..', '..', '.wrangler', 'tincture', 'bootstrap-secret');
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

export const admin: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      registry: { type: 'string' },
      secret: { type: 'string' },
      'secret-file': { type: 'string' },
      name: { type: 'string' },
      reason: { type: 'string' },
      json: { type: 'boolean' },
    });
    const [verb, given, to, ...rest] = positionals;
    if (rest.length > 0 || (to !== undefined && verb !== 'role')) throw new UsageError('too many arguments');
    if (verb === undefined || !['first', 'suspend', 'restore', 'role'].includes(verb)) {
      throw new UsageError('write admin first, admin suspend, admin restore or admin role');
    }
    const handle = required('the handle', given);

    if (verb === 'first') {
      const registry = await registryOf(required('--registry', values.registry));
      const secret = await bootstrapSecret(registry, values.secret, values['secret-file']);
      const made = await createAccount(registry).makeFirstAdministrator(secret, handle, values.name);
      await keepCredential(registry, { token: made.token, publisher: handle, expiresAt: made.expiresAt });
      if (values.json === true) {
        terminal.out(json({ registry, handle, token: made.token, expiresAt: made.expiresAt }));
        return;
      }
      terminal.note(`${handle} is the administrator of ${registry}, and you are signed in as ${handle} until ${made.expiresAt.slice(0, 10)}.
If the account has no passkey yet, add one: ${registry}/#account, “I have a token”. The token, shown this once:`);
      terminal.out(made.token);
      return;
    }

    const reason = verb === 'suspend' ? required('--reason', values.reason) : '';
    if (verb === 'role' && to !== 'administrator' && to !== 'publisher') {
      throw new UsageError('the role is administrator or publisher');
    }
    const { registry, token } = await registryAccess(values.registry);
    const account = createAccount(registry, { token });
    let done: string;
    if (verb === 'suspend') {
      await account.suspend(handle, reason);
      done = `${handle} is suspended.`;
    } else if (verb === 'restore') {
      await account.restore(handle);
      done = `${handle} may act again.`;
    } else {
      await account.assignRole(handle, to === 'administrator' ? 'administrator' : 'publisher');
      done = `${handle} is now ${to}.`;
    }
    terminal.out(values.json === true ? json({ handle }) : done);
  },
};

async function bootstrapSecret(
  registry: string,
  secret: string | undefined,
  file: string | undefined,
): Promise<string> {
  if (secret !== undefined && file !== undefined) throw new UsageError('--secret or --secret-file, not both');
  if (secret !== undefined) return secret;
  const isLocal = LOOPBACK.test(new URL(registry).hostname);
  if (file === undefined && !isLocal) {
    throw new UsageError(
      '--secret-file is missing: the secret that the deployment was given as BOOTSTRAP_SECRET',
    );
  }
  const path = file ?? LOCAL_SECRET;
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new TinctureError('cli/bootstrap-secret', 'the bootstrap secret cannot be read', {
      where: path,
      found: (cause as NodeJS.ErrnoException).code ?? (cause as Error).message,
      fix:
        file === undefined
          ? 'Name the file in the data folder of that edge: --secret-file DIR/bootstrap-secret.'
          : 'Check the name of the file.',
      cause,
    });
  }
}
