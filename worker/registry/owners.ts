// Owners of a style's name, and the prefixes that an administrator grants.
import { audit } from '../auth/audit.ts';
import { RegistryError } from './error.ts';
import { foldLookAlikes, notOwner, ownersOf } from './names.ts';
import { BUNDLED_PUBLISHER, type RegistryStores } from './release.ts';

/** Owners of one name. */
export const MAX_OWNERS = 16;

export interface OwnerChange {
  readonly name: string;
  /** Who becomes an owner, or stops being one. */
  readonly publisher: string;
  readonly actor: string;
  readonly isAdministrator: boolean;
}

/** Throws `registry/not-found` for a name that nobody has. */
export async function listOwners(stores: RegistryStores, name: string): Promise<readonly string[]> {
  const owners = await ownersOf(stores, name);
  if (owners.length > 0) return owners;
  throw new RegistryError('not-found', 'no style of this name', { where: name });
}

/** Throws `registry/not-owner`, `registry/not-found` for an unknown publisher, `registry/quota`. Who is an owner stays one. */
export async function addOwner(stores: RegistryStores, change: OwnerChange): Promise<readonly string[]> {
  const { name, publisher, actor } = change;
  const owners = await allowedOwners(stores, change);
  if (owners.includes(publisher)) return owners;
  await checkPublisher(stores, publisher);
  const { database } = stores;
  const [added] = await database.batch([
    database
      .prepare(
        `INSERT INTO owners (name, publisher, since)
         SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM owners WHERE name = ?1) < ?4 ON CONFLICT DO NOTHING`,
      )
      .bind(name, publisher, new Date().toISOString(), MAX_OWNERS),
    audit(database, { actor, action: 'owner.add', subject: name, detail: { publisher } }),
  ]);
  const now = await ownersOf(stores, name);
  if (added?.meta.changes === 0 && !now.includes(publisher)) {
    throw new RegistryError('quota', 'a style has fewer owners', {
      where: name,
      expected: `at most ${MAX_OWNERS}`,
    });
  }
  return now;
}

/** Throws `registry/not-owner`, and `registry/conflict` for the last owner. Who is none stays none. */
export async function removeOwner(stores: RegistryStores, change: OwnerChange): Promise<readonly string[]> {
  const { name, publisher, actor } = change;
  const owners = await allowedOwners(stores, change);
  if (!owners.includes(publisher)) return owners;
  const { database } = stores;
  await database.batch([
    database
      .prepare(
        `DELETE FROM owners WHERE name = ?1 AND publisher = ?2 AND (SELECT count(*) FROM owners WHERE name = ?1) > 1`,
      )
      .bind(name, publisher),
    audit(database, { actor, action: 'owner.remove', subject: name, detail: { publisher } }),
  ]);
  const now = await ownersOf(stores, name);
  if (!now.includes(publisher)) return now;
  throw new RegistryError('conflict', 'the last owner cannot go', {
    where: name,
    found: publisher,
    fix: 'Add another owner first.',
  });
}

/** Grants new names with `prefix`, which ends in a hyphen, to one publisher alone; null takes the grant back. */
export async function grantPrefix(
  stores: RegistryStores,
  prefix: string,
  publisher: string | null,
  actor: string,
): Promise<void> {
  const { database } = stores;
  const remove = database.prepare('DELETE FROM name_prefixes WHERE prefix = ?').bind(prefix);
  if (publisher === null) {
    await database.batch([
      remove,
      audit(database, { actor, action: 'prefix.revoke', subject: prefix, detail: {} }),
    ]);
    return;
  }
  await checkPublisher(stores, publisher);
  const skeleton = foldLookAlikes(prefix);
  const like = await database
    .prepare('SELECT prefix FROM name_prefixes WHERE skeleton = ? AND prefix <> ?')
    .bind(skeleton, prefix)
    .first<{ prefix: string }>();
  if (like !== null) {
    throw new RegistryError('look-alike', 'the prefix looks like one that is granted', {
      where: prefix,
      found: like.prefix,
    });
  }
  await database.batch([
    remove,
    database
      .prepare('INSERT INTO name_prefixes (prefix, skeleton, publisher, since) VALUES (?, ?, ?, ?)')
      .bind(prefix, skeleton, publisher, new Date().toISOString()),
    audit(database, { actor, action: 'prefix.grant', subject: prefix, detail: { publisher } }),
  ]);
}

async function allowedOwners(
  stores: RegistryStores,
  { name, actor, isAdministrator }: OwnerChange,
): Promise<readonly string[]> {
  const owners = await listOwners(stores, name);
  if (owners.includes(actor) || isAdministrator) return owners;
  throw notOwner(name, actor, owners);
}

async function checkPublisher({ database }: RegistryStores, handle: string): Promise<void> {
  const row = await database
    .prepare('SELECT 1 FROM publishers WHERE handle = ? AND suspended_at IS NULL')
    .bind(handle)
    .first();
  if (row !== null && handle !== BUNDLED_PUBLISHER) return;
  throw new RegistryError('not-found', 'no publisher of this handle', { where: handle });
}
