// `tincture login` and `logout`: a token for this machine, let in by a person in a browser, or read from stdin.
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { TinctureError } from '../../plugins/contract/error.ts';
import { isTokenSpelling, MAX_TOKEN_DAYS, type Scope } from '../../plugins/contract/token.ts';
import { type Account, createAccount, RegistryError } from '../account.ts';
import { type Command, parseCommandLine, type Terminal, UsageError, wholeNumber } from './command.ts';
import { forgetCredential, keepCredential, registryOf } from './credentials.ts';
import { json } from './output.ts';
import { scopesOf } from './scopes.ts';
import { cancelOnSignals } from './signals.ts';
import { ensureSigningKey, type SigningKey } from './signing-key.ts';

const HELP = `Usage: tincture login [--registry URL] [--scope SCOPE]… [--days N] [--name NAME] [--token] [--json]

Shows an address and a code, and waits until you have let this machine in there, signed in with your passkey. The token that it
gets is kept in your configuration folder, where only you can read it; so is the key that your styles are signed with, which
is made at the first login and registered with your approval.

  --registry URL  default: TINCTURE_REGISTRY, or that of the last login
  --scope SCOPE   publish, yank or admin; again for the next (default: publish and yank)
  --days N        days until the token ends (default 90, at most ${MAX_TOKEN_DAYS})
  --name NAME     what the token is called in your list (default: this machine's name)
  --token         read a token from stdin instead, as for a machine without a browser
  --json          print { registry, publisher, scopes, expiresAt, key }`;

/** Bytes of stdin: a token is 54. */
const MAX_STDIN = 1024;

export const login: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      registry: { type: 'string' },
      scope: { type: 'string', multiple: true },
      days: { type: 'string' },
      name: { type: 'string' },
      token: { type: 'boolean' },
      json: { type: 'boolean' },
    });
    if (positionals.length > 0) {
      throw new UsageError('login takes no argument; a token is read from stdin, where nobody else sees it');
    }
    const registry = await registryOf(values.registry);
    const days = wholeNumber('--days', values.days, 1, MAX_TOKEN_DAYS) ?? 90;
    const scopes = scopesOf(values.scope ?? ['publish', 'yank']);
    const key = await ensureSigningKey();
    const given =
      values.token === true
        ? await tokenFromStdin()
        : await letIn(
            createAccount(registry),
            { days, scopes, name: values.name ?? machineName() },
            key,
            terminal,
          );
    const account = createAccount(registry, { token: given });
    const me = await account.me();
    const facts = (await account.tokens()).find(({ id }) => id === me.tokenId);
    const expiresAt = facts?.expiresAt ?? '';
    await keepCredential(registry, { token: given, publisher: me.handle, expiresAt });
    const isRegistered = (await account.keys()).some(
      ({ id, revokedAt }) => id === key.id && revokedAt === null,
    );
    if (values.json === true) {
      terminal.out(
        json({
          registry,
          publisher: me.handle,
          scopes: me.scopes,
          expiresAt,
          key: { id: key.id, publicKey: key.publicKey, registered: isRegistered },
        }),
      );
      return;
    }
    terminal.out(
      `Signed in to ${registry} as ${me.handle}, for ${me.scopes.join(', ')}, until ${expiresAt.slice(0, 10)}.`,
    );
    if (!isRegistered) {
      terminal.note(`note: this machine's signing key is not registered there. To publish from here, add it under “Account” at
${registry}/#account: ${key.publicKey}`);
    }
  },
};

export const logout: Command = {
  help: `Usage: tincture logout [--registry URL] [--json]

Revokes this machine's token at the registry and forgets it. The signing key stays.

  --registry URL  default: TINCTURE_REGISTRY, or that of the last login
  --json          print { registry, revoked }`,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      registry: { type: 'string' },
      json: { type: 'boolean' },
    });
    if (positionals.length > 0) throw new UsageError('logout takes no argument');
    const registry = await registryOf(values.registry);
    const credential = await forgetCredential(registry);
    const revoked = credential !== undefined && (await revoke(registry, credential.token, terminal));
    if (values.json === true) terminal.out(json({ registry, revoked }));
    else if (credential === undefined) terminal.out(`You were not signed in to ${registry}.`);
    else terminal.out(`Signed out of ${registry}.`);
  },
};

/** Revokes the token; one that is no longer good is as revoked as can be, and a registry that cannot be reached is told. */
async function revoke(registry: string, token: string, terminal: Terminal): Promise<boolean> {
  const account = createAccount(registry, { token });
  try {
    const { tokenId } = await account.me();
    if (tokenId !== null) await account.revokeToken(tokenId);
    return true;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    terminal.note(`note: the token is forgotten here but was not revoked: ${error.message}`);
    return false;
  }
}

interface Wanted {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly days: number;
}

/** Asks to be let in, shows where, and waits; gives the token. Throws `cli/login` where it was refused or nobody decided. */
async function letIn(
  account: Account,
  { name, scopes, days }: Wanted,
  key: SigningKey,
  terminal: Terminal,
): Promise<string> {
  const { signal, release } = cancelOnSignals();
  try {
    const asked = await account.beginDevice(
      { name, scopes: [...scopes], days, key: { publicKey: key.publicKey, name: machineName() } },
      { signal },
    );
    terminal.note(`Open ${asked.verificationUriComplete}
and compare the code: ${asked.userCode}
Waiting (Ctrl-C ends this) …`);
    let interval = asked.interval;
    const end = Date.now() + asked.expiresIn * 1000;
    while (Date.now() < end) {
      await wait(interval * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());
      try {
        return (await account.collectDevice(asked.deviceCode, { signal })).token;
      } catch (error) {
        const code = error instanceof RegistryError ? error.problemCode : undefined;
        // RFC 8628 §3.5: five seconds more; others may wait behind the same address.
        if (code === 'auth/slow-down' || code === 'edge/rate-limit') interval += 5;
        else if (code === 'auth/access-denied') throw refused('you sent this machine away');
        else if (code === 'auth/expired-token') break;
        else if (code !== 'auth/authorization-pending') throw error;
      }
    }
    throw refused('nobody let this machine in before the code expired');
  } finally {
    release();
  }
}

function refused(what: string): TinctureError {
  return new TinctureError('cli/login', what, { fix: 'Run `tincture login` again.' });
}

async function tokenFromStdin(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > MAX_STDIN) break;
  }
  const token = text.trim();
  if (isTokenSpelling(token)) return token;
  throw new TinctureError('cli/login', 'stdin holds no token', {
    expected: 'tinc_ and 49 characters more, all of them as they were shown',
    found: `${token.length} characters`,
  });
}

/** The machine's name without what a registry refuses in names. */
function machineName(): string {
  const name = hostname()
    .replaceAll(/[^\p{L}\p{N} ._-]/gu, '')
    .trim();
  return `tincture on ${name === '' ? 'a machine' : name}`.slice(0, 60).trim();
}
