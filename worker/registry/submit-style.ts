// A publisher's version of a style: everything that is checked before it becomes visible, in the order of what it costs.
import { fromBase64url } from '../../plugins/contract/base64url.ts';
import { verifyManifest } from '../../plugins/contract/signature.ts';
import type { StyleManifest } from '../../plugins/contract/style.ts';
import { holdBlobs } from './blobs.ts';
import { RegistryError } from './error.ts';
import { checkName } from './names.ts';
import { type Draft, isAlreadyPublished, type Provenance, publish } from './publish.ts';
import { draftOf, parseManifest } from './publish-style.ts';
import { quotasOf } from './quota.ts';
import { rankOf } from './rank.ts';
import { BUNDLED_PUBLISHER, type RegistryStores } from './release.ts';
import { checkPlugin, checkPreviews, checkWeights } from './style-contents.ts';

export interface Submission {
  /** Who asks, by credentials. */
  readonly publisher: string;
  /** The manifest as it came. */
  readonly manifest: unknown;
  /** Ed25519 over the manifest's canonical JSON, base64url. */
  readonly signature: string;
  readonly keyId: string;
}

/** Runs a plugin before it is published. Throws `registry/trial` for one that may not be. */
export type Trial = (manifest: StyleManifest, wasm: Uint8Array) => Promise<Provenance['trial']>;

export interface Submitted {
  readonly outcome: 'published' | 'unchanged';
  readonly name: string;
  readonly version: string;
}

/** Words that are written where no licence was chosen. */
const NO_LICENCE = /^(?:none|no licen[cs]e|unknown|unlicen[cs]ed|undefined|null|n\/?a|tbd|todo|-+|\?+|\.+)$/i;

/**
 * Publishes a publisher's version. Throws RegistryError: `invalid` or `licence` (the manifest), `signature`, `conflict`,
 * `reserved-name`, `look-alike`, `not-owner`, `version-order`, `quota`, `missing-blob`, `taken-down`, `weights`, `preview`,
 * `plugin`, `card-section`, `trial`; then nothing has become visible. The same again is `unchanged`.
 */
export async function submitStyle(
  stores: RegistryStores,
  submission: Submission,
  trial: Trial,
): Promise<Submitted> {
  const manifest = parseManifest(submission.manifest);
  const { publisher, signature, keyId } = submission;
  checkLicence(manifest);
  if (publisher === BUNDLED_PUBLISHER) {
    throw new RegistryError('not-owner', 'what comes with the program is not published by request');
  }
  await checkSignature(stores, submission, manifest);
  const draft = draftOf(manifest);
  const { name, version } = draft;
  const rules = async (): Promise<void> => {
    await checkName(stores, name, publisher);
    await checkOrder(stores, draft);
    await checkQuotas(stores, name, publisher);
  };
  await checkName(stores, name, publisher);
  if (await isAlreadyPublished(stores, draft)) return { outcome: 'unchanged', name, version };
  await rules();
  await checkInPlace(stores, draft);
  await checkWeights(stores, manifest);
  await checkPreviews(stores, manifest);
  const wasm = await checkPlugin(stores, manifest);
  const tried = wasm === undefined ? 'not-run' : await trial(manifest, wasm);
  try {
    const outcome = await publish(stores, draft, { publisher, signature, keyId, trial: tried });
    return { outcome, name, version };
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    // A race got past the checks and the index refused it: the same checks now say why.
    await rules();
    await checkSignature(stores, submission, manifest);
    await holdBlobs(stores, draft.files);
    throw error;
  }
}

function checkLicence({ name, version, licence }: StyleManifest): void {
  if (!NO_LICENCE.test(licence)) return;
  throw new RegistryError('licence', 'the style has no licence', {
    where: `${name} ${version}`,
    expected: 'an SPDX expression such as CC-BY-4.0, or the licence’s name',
    found: licence,
    fix: 'Without one nobody may use the style: choose one in the card.',
  });
}

/** Fails closed: only a signature by a key that this publisher has registered and not revoked passes. */
async function checkSignature(
  { database }: RegistryStores,
  { publisher, signature, keyId }: Submission,
  manifest: StyleManifest,
): Promise<void> {
  const where = `${manifest.name} ${manifest.version}`;
  const key = await database
    .prepare('SELECT public_key, revoked_at FROM signing_keys WHERE id = ? AND publisher = ?')
    .bind(keyId, publisher)
    .first<{ public_key: string; revoked_at: string | null }>();
  if (key === null || key.revoked_at !== null) {
    throw new RegistryError('signature', 'the signing key is not in force for this publisher', {
      where,
      expected: 'a key that is registered and not revoked',
      found: key === null ? `${keyId}, which is not registered` : `${keyId}, revoked ${key.revoked_at}`,
      fix: 'Register a key: `tincture login`, or the account page in the studio.',
    });
  }
  const publicKey = fromBase64url(key.public_key);
  if (publicKey !== undefined && (await verifyManifest(manifest, signature, publicKey))) return;
  throw new RegistryError('signature', 'the signature is not this key’s over this manifest', {
    where,
    expected: `Ed25519 by key ${keyId} over the manifest’s canonical JSON`,
    fix: 'Sign exactly the manifest that is sent.',
  });
}

/**
 * A new version is above all others of its name, yanked ones and pre-releases too. Old lines get no back-ports: `latest`, ranges
 * and readers' eyes then agree on what is newest, and what a lock file names stays as it is anyway.
 */
async function checkOrder({ database }: RegistryStores, { kind, name, version }: Draft): Promise<void> {
  const highest = await database
    .prepare(
      `SELECT version FROM releases
        WHERE kind = ?1 AND name = ?2 AND precedence = (SELECT max(precedence) FROM releases WHERE kind = ?1 AND name = ?2)`,
    )
    .bind(kind, name)
    .first<{ version: string }>();
  if (highest === null || precedenceOf(version) > precedenceOf(highest.version)) return;
  throw new RegistryError('version-order', 'versions only go up', {
    where: `${name} ${version}`,
    expected: `above ${highest.version}`,
    found: version,
    fix: 'Raise the version in the card.',
  });
}

/** As the index's column `precedence`. */
function precedenceOf(version: string): string {
  const rank = rankOf(version);
  return rank.slice(1) + (rank.startsWith('1') ? '~' : '');
}

async function checkQuotas(stores: RegistryStores, name: string, publisher: string): Promise<void> {
  const { styles, dailyVersions } = await quotasOf(stores, publisher);
  const isNew =
    (await stores.database.prepare('SELECT 1 FROM styles WHERE name = ?').bind(name).first()) === null;
  const exceeded = (where: string, used: number, limit: number): RegistryError =>
    new RegistryError('quota', 'this publisher has reached a limit', {
      where,
      expected: `at most ${limit}`,
      found: String(used),
      fix: 'GET /v1/quota tells all limits.',
    });
  if (isNew && styles.used >= styles.limit) throw exceeded('styles', styles.used, styles.limit);
  if (dailyVersions.used >= dailyVersions.limit) {
    throw exceeded('dailyVersions', dailyVersions.used, dailyVersions.limit);
  }
}

/** Before the contents are read: what is missing is told by the file. */
async function checkInPlace(stores: RegistryStores, { name, version, files }: Draft): Promise<void> {
  for (const file of files) {
    const facts = await stores.blobs.head(file.sha256);
    if (facts?.size === file.size) continue;
    throw new RegistryError('missing-blob', `the blob of ${file.path} is not in place`, {
      where: `${name} ${version}`,
      expected: `${file.sha256} of ${file.size} bytes`,
      found: facts === undefined ? 'no such blob' : `${facts.size} bytes`,
      fix: 'Upload the blob first.',
    });
  }
}
