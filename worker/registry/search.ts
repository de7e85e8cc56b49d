// Searching: the latest visible version of each style or model that fits, in the order that was asked for, page by page.
import type { StyleKind } from '../../plugins/contract/style.ts';
import { type CursorKey, readCursor, writeCursor } from './cursor.ts';
import { RegistryError } from './error.ts';
import {
  RELEASE_COLUMNS,
  type RegistryStores,
  type Release,
  type ReleaseKind,
  type ReleaseRow,
  releaseOf,
} from './release.ts';
import { readQuery, type Wanted } from './search-words.ts';

export const MAX_PAGE = 100;

export const SORTS = ['relevance', 'downloads', 'newest', 'name'] as const;
export type Sort = (typeof SORTS)[number];

export interface Search {
  /** Every word must occur somewhere in the texts, the last one as the beginning of a word. */
  readonly text?: string | undefined;
  readonly architecture?: string | undefined;
  readonly contextWidth?: number | undefined;
  /** Of what manifests call their kind; models have none. */
  readonly holds?: StyleKind | undefined;
  /** As the card says it, in any case. */
  readonly licence?: string | undefined;
  /** Handle of who published the version. */
  readonly publisher?: string | undefined;
  /** Without it: `relevance` where there are words, else `name`. Models have no `relevance`. */
  readonly sort?: Sort | undefined;
  /** 1 … `MAX_PAGE`. */
  readonly limit: number;
  /** Where the page before ended. */
  readonly cursor?: string | undefined;
}

export interface Page {
  readonly releases: readonly Release[];
  /** For the next page; null on the last one. */
  readonly nextCursor: string | null;
}

/** How pages are sorted: the key and what decides between equal keys, as SQL over listings `l` and words `w`. */
interface Order {
  readonly columns: string;
  readonly by: string;
  /** What comes after a key, and what of the key it is given. */
  readonly after: string;
  readonly given: (key: CursorKey) => readonly (string | number)[];
  readonly types: readonly [string, string];
}

const ORDERS: Readonly<Record<Sort, Order>> = {
  relevance: {
    columns: 'w.rank AS sort_key, w.rowid AS sort_tie',
    by: 'sort_key, sort_tie',
    after: '(w.rank > ? OR (w.rank = ? AND w.rowid > ?))',
    given: ([key, tie]) => [key, key, tie],
    types: ['number', 'number'],
  },
  downloads: {
    columns: 'l.downloads AS sort_key, l.name AS sort_tie',
    by: 'sort_key DESC, sort_tie',
    after: 'l.downloads <= ? AND (l.downloads < ? OR l.name > ?)',
    given: ([key, tie]) => [key, key, tie],
    types: ['number', 'string'],
  },
  newest: {
    columns: 'l.published_at AS sort_key, l.name AS sort_tie',
    by: 'sort_key DESC, sort_tie',
    after: 'l.published_at <= ? AND (l.published_at < ? OR l.name > ?)',
    given: ([key, tie]) => [key, key, tie],
    types: ['string', 'string'],
  },
  name: {
    columns: 'l.name AS sort_key, l.name AS sort_tie',
    by: 'sort_key',
    after: 'l.name > ?',
    given: ([key]) => [key],
    types: ['string', 'string'],
  },
};

interface SortedRow extends ReleaseRow {
  readonly sort_key: string | number;
  readonly sort_tie: string | number;
}

/**
 * One page of a search. Throws `registry/invalid` for a cursor that no page of this search gave, too many words, or `relevance`
 * without words.
 */
export async function search({ database }: RegistryStores, kind: ReleaseKind, wanted: Search): Promise<Page> {
  const { limit, cursor, ...lasting } = wanted;
  const query = readQuery(wanted.text ?? '');
  const sort = sortOf(kind, wanted, query);
  const order = ORDERS[sort];
  const belongsTo = [kind, sort, lasting];
  const key = cursor === undefined ? undefined : checkedKey(order, readCursor(belongsTo, cursor));
  if (query.kind === 'none') return { releases: [], nextCursor: null };

  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const filters = filtersOf(wanted);
  const byWords = kind === 'style' && query.kind === 'words';
  if (byWords) {
    conditions.push('w.listing_words MATCH ?');
    values.push(query.match);
  } else {
    conditions.push('l.kind = ?');
    values.push(kind);
  }
  for (const [condition, value] of filters) {
    conditions.push(condition);
    values.push(value);
  }
  if (!byWords && query.kind === 'words') {
    for (const word of query.words) {
      conditions.push(HAS_WORD);
      values.push(word);
    }
  }
  if (key !== undefined) {
    conditions.push(order.after);
    values.push(...order.given(key));
  }
  const source = !byWords
    ? LISTINGS
    : sort === 'relevance' && filters.length === 0
      ? WORDS
      : WORDS_AND_LISTINGS;
  const { results } = await database
    .prepare(
      `WITH page AS MATERIALIZED (
         SELECT ${source.id} AS id, ${order.columns} FROM ${source.tables}
          WHERE ${conditions.join(' AND ')} ORDER BY ${order.by} LIMIT ?)
       SELECT ${RELEASE_COLUMNS}, page.sort_key, page.sort_tie
         FROM page CROSS JOIN listings l ON l.id = page.id
         JOIN releases r ON r.kind = l.kind AND r.name = l.name AND r.version = l.version
        ORDER BY ${order.by}`,
    )
    .bind(...values, limit + 1)
    .all<SortedRow>();
  const rows = results.slice(0, limit);
  const last = rows.at(-1);
  const isLast = results.length <= limit || last === undefined;
  return {
    releases: rows.map(releaseOf),
    nextCursor: isLast ? null : writeCursor(belongsTo, [last.sort_key, last.sort_tie]),
  };
}

const LISTINGS = { id: 'l.id', tables: 'listings l' };
const WORDS = { id: 'w.rowid', tables: 'listing_words w' };
/** The words first: a search goes through the texts that match, never through all listings. */
const WORDS_AND_LISTINGS = {
  id: 'w.rowid',
  tables: 'listing_words w CROSS JOIN listings l ON l.id = w.rowid',
};

/** Models are few: their texts are read as they stand. Not LIKE, whose patterns D1 bounds at 50 bytes. */
const HAS_WORD = `EXISTS (
  SELECT 1 FROM releases t
   WHERE t.kind = l.kind AND t.name = l.name AND t.version = l.version AND instr(t.search_text, ?) > 0)`;

function filtersOf(wanted: Search): (readonly [condition: string, value: string | number])[] {
  const all = [
    ['l.architecture = ?', wanted.architecture],
    ['l.context_width = ?', wanted.contextWidth],
    ['l.licence = ?', wanted.licence?.toLowerCase()],
    ['l.publisher = ?', wanted.publisher],
    ['l.holds = ?', wanted.holds],
  ] as const;
  return all.flatMap(([condition, value]) => (value === undefined ? [] : [[condition, value] as const]));
}

function sortOf(kind: ReleaseKind, { sort }: Search, query: Wanted): Sort {
  const ranked = kind === 'style' && query.kind === 'words';
  if (sort === undefined) return ranked ? 'relevance' : 'name';
  if (sort !== 'relevance' || ranked || query.kind === 'none') return sort;
  throw new RegistryError('invalid', 'relevance needs words of a search for styles', {
    where: 'sort',
    expected: 'q, or another sort',
    found: sort,
  });
}

/** The fingerprint already ties a cursor to its order, but whoever forges one could lie about types. */
function checkedKey({ types }: Order, key: CursorKey): CursorKey {
  if (key.every((part, index) => typeof part === types[index])) return key;
  throw new RegistryError('invalid', 'the cursor is not one that a page of this search gave', {
    where: 'cursor',
  });
}
