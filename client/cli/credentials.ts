// Which registries this user is signed in to, with a token for each.
import { z } from 'zod';
import { TinctureError } from '../../plugins/contract/error.ts';
import { isTokenSpelling } from '../../plugins/contract/token.ts';
import { UsageError } from './command.ts';
import { configFolder, readPrivate, writePrivate } from './private-files.ts';

const FILE = 'credentials.json';

const credentialSchema = z.object({
  token: z.string().refine(isTokenSpelling, 'must be a token'),
  publisher: z.string(),
  expiresAt: z.string(),
});
const fileSchema = z.object({
  /** The registry of the last login: where commands go that name none. */
  current: z.string().optional(),
  /** By origin. */
  registries: z.record(z.string(), credentialSchema),
});

export type Credential = z.infer<typeof credentialSchema>;
type Credentials = z.infer<typeof fileSchema>;

/** Where a command goes, and as whom. */
export interface RegistryAccess {
  /** An origin, without a slash at the end. */
  readonly registry: string;
  readonly token: string;
}

/**
 * The registry that a command is for: `--registry`, else TINCTURE_REGISTRY, else that of the last login. Throws UsageError where
 * there is none, or what is given is not an http or https origin.
 */
export async function registryOf(option: string | undefined): Promise<string> {
  const given = option ?? (process.env['TINCTURE_REGISTRY'] || (await readCredentials()).current);
  if (given === undefined) {
    throw new UsageError('which registry? Write --registry https://…, or set TINCTURE_REGISTRY');
  }
  const url = URL.parse(given);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url !== null && isWeb && url.href === `${url.origin}/`) return url.origin;
  throw new UsageError(
    `${JSON.stringify(given)} is not the address of a registry, such as https://example.com`,
  );
}

/**
 * Registry and token for a command that needs an account. TINCTURE_TOKEN goes before what `tincture login` has kept. Throws
 * `cli/signed-out` where there is neither.
 */
export async function registryAccess(option: string | undefined): Promise<RegistryAccess> {
  const registry = await registryOf(option);
  const token = process.env['TINCTURE_TOKEN'] || (await readCredentials()).registries[registry]?.token;
  if (token !== undefined) return { registry, token: token.trim() };
  throw new TinctureError('cli/signed-out', 'you are not signed in there', {
    where: registry,
    fix: `Run \`tincture login --registry ${registry}\`, or set TINCTURE_TOKEN.`,
  });
}

/** Keeps a credential; its registry becomes the current one. */
export async function keepCredential(registry: string, credential: Credential): Promise<void> {
  const { registries } = await readCredentials();
  await write({ current: registry, registries: { ...registries, [registry]: credential } });
}

/** Forgets a registry's credential and gives it, if there was one. */
export async function forgetCredential(registry: string): Promise<Credential | undefined> {
  const { current, registries } = await readCredentials();
  const { [registry]: forgotten, ...others } = registries;
  if (forgotten === undefined) return undefined;
  await write({ ...(current === registry ? {} : { current }), registries: others });
  return forgotten;
}

async function readCredentials(): Promise<Credentials> {
  const text = await readPrivate(FILE);
  if (text === undefined) return { registries: {} };
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new TinctureError('cli/credentials', 'the file is damaged', {
      where: `${configFolder()}/${FILE}`,
      fix: 'Delete it and run `tincture login` again.',
      cause,
    });
  }
}

async function write(credentials: Credentials): Promise<void> {
  await writePrivate(FILE, `${JSON.stringify(credentials, null, 2)}\n`);
}
