// Names that nobody may take: reserved words, what looks like a digest, and what looks like another publisher's name.
import { RegistryError } from './error.ts';
import type { RegistryStores } from './release.ts';
import { RESERVED_WORDS } from './reserved-words.ts';

/**
 * Letters and pairs that look like others in common fonts, in the order in which they are folded. The index folds publishers'
 * handles by itself, a little less: a migration's unique index cannot follow this list when it grows.
 */
const LOOK_ALIKES = [
  ['rn', 'm'],
  ['vv', 'w'],
  ['cl', 'd'],
  ['o', '0'],
  ['l', '1'],
  ['i', '1'],
  ['s', '5'],
] as const;

const RESERVED_SKELETONS = new Set(RESERVED_WORDS.map(skeletonOf));

/** Whether nobody may take it, because it is a reserved word or looks like one. */
export function isReserved(name: string): boolean {
  return RESERVED_SKELETONS.has(skeletonOf(name));
}

/** A picture carries ten digits of its style's digest; a name that could be one would be looked up as one. */
const LIKE_A_DIGEST = /^(?:[0-9a-f]{10}|[0-9a-f]{64})$/;

/** What a name has in common with all names that look like it: look-alike letters folded, hyphens gone. */
export function skeletonOf(name: string): string {
  return foldLookAlikes(name.replaceAll('-', ''));
}

/** Look-alike letters folded, hyphens kept: for prefixes, which end in one. */
export function foldLookAlikes(name: string): string {
  return LOOK_ALIKES.reduce((text, [from, to]) => text.replaceAll(from, to), name);
}

/**
 * Throws unless `publisher` may publish under `name`: as one of its owners, or where nobody has it, if it is neither reserved
 * nor under another publisher's prefix nor like another publisher's name. `registry/not-owner`,
 * `registry/reserved-name`, `registry/look-alike`.
 */
export async function checkName(stores: RegistryStores, name: string, publisher: string): Promise<void> {
  const owners = await ownersOf(stores, name);
  if (owners.length > 0) {
    if (owners.includes(publisher)) return;
    throw notOwner(name, publisher, owners);
  }
  if (isReserved(name) || LIKE_A_DIGEST.test(name)) {
    throw new RegistryError('reserved-name', 'this name is reserved, or looks like one that is', {
      where: name,
      fix: 'Choose another name.',
    });
  }
  await checkPrefix(stores, name, publisher);
  const like = await stores.database
    .prepare(
      `SELECT s.name FROM styles s WHERE s.skeleton = ? AND s.name <> ?
         AND NOT EXISTS (SELECT 1 FROM owners o WHERE o.name = s.name AND o.publisher = ?) LIMIT 1`,
    )
    .bind(skeletonOf(name), name, publisher)
    .first<{ name: string }>();
  if (like === null) return;
  throw new RegistryError('look-alike', 'the name looks like another publisher’s style', {
    where: name,
    found: like.name,
    fix: 'Choose a name that cannot be mistaken for it.',
  });
}

/** Publishers that may publish under the name, oldest first; none: nobody has the name. */
export async function ownersOf({ database }: RegistryStores, name: string): Promise<readonly string[]> {
  const { results } = await database
    .prepare('SELECT publisher FROM owners WHERE name = ? ORDER BY since, publisher')
    .bind(name)
    .all<{ publisher: string }>();
  return results.map(({ publisher }) => publisher);
}

/** The error for who is not among the owners. */
export function notOwner(name: string, publisher: string, owners: readonly string[]): RegistryError {
  return new RegistryError('not-owner', 'the style belongs to others', {
    where: name,
    expected: `one of ${owners.join(', ')}`,
    found: publisher,
    fix: 'Choose another name, or ask an owner to add you.',
  });
}

async function checkPrefix({ database }: RegistryStores, name: string, publisher: string): Promise<void> {
  const candidates = [...name.matchAll(/-/g)].map(({ index }) => foldLookAlikes(name.slice(0, index + 1)));
  if (candidates.length === 0) return;
  const taken = await database
    .prepare(
      `SELECT prefix, publisher FROM name_prefixes
        WHERE publisher <> ? AND skeleton IN (${candidates.map(() => '?').join(', ')}) LIMIT 1`,
    )
    .bind(publisher, ...candidates)
    .first<{ prefix: string; publisher: string }>();
  if (taken === null) return;
  throw new RegistryError('reserved-name', 'names with this prefix are another publisher’s', {
    where: name,
    found: `prefix ${taken.prefix} of ${taken.publisher}`,
    fix: 'Choose a name with another beginning.',
  });
}
