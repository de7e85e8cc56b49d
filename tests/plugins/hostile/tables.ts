// Hostile modules that lie in their tables of layers: counts, pointers, lengths, headers, values.
import { moduleText } from '../module-text.ts';
import { data, floats, type HostileEntry, words } from './entry.ts';

/** The conversation asks for this width. */
const WIDTH = 4;
const BLOCK = 1024;
const TABLE = 2048;
/** An identity of the width, with its header. */
const IDENTITY =
  words(1, 0, WIDTH, WIDTH, 0, 0, 0, 0) + floats(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0);
const LENGTH = 32 + 4 * (WIDTH * WIDTH + WIDTH);

interface Lie {
  readonly table?: number;
  readonly count?: number;
  /** The table's words; one identity where none are given. */
  readonly entries?: readonly number[];
  readonly block?: string;
  /** Replaces the whole answer. */
  readonly body?: string;
}

function module({
  table = TABLE,
  count = 1,
  entries = [BLOCK, LENGTH],
  block = IDENTITY,
  body,
}: Lie): string {
  const answer = `(i32.store (local.get 2) (i32.const ${table})) (i32.store offset=4 (local.get 2) (i32.const ${count}))`;
  return moduleText({
    tincture_layers: body ?? `${answer} (i32.const 0)`,
    more: data(BLOCK, block) + data(TABLE, words(...entries)),
  });
}

function lies(
  name: string,
  tries: string,
  kind: 'invalid' | 'trap' | 'non-finite',
  lie: Lie,
  says?: string,
): HostileEntry {
  return {
    name: `layers-${name}`,
    tries,
    module: module(lie),
    must: { fails: 'layers', kind, ...(says === undefined ? {} : { says }) },
  };
}

const header = (...values: readonly number[]): string => words(...values, 0, 0, 0).slice(0, 32 * 3);
const many = (count: number, ...pair: readonly number[]): number[] =>
  Array.from({ length: count }, () => pair).flat();

export const TABLES: readonly HostileEntry[] = [
  {
    name: 'layers-honest',
    tries: 'nothing: the module of the lies below',
    module: module({}),
    must: 'nothing',
  },
  lies('table-outside', 'to have its table read outside the memory', 'trap', { table: 0x7fff_fff0 }),
  lies('table-misaligned', 'to have its table read from an odd place', 'trap', { table: TABLE + 1 }),
  lies('table-null', 'to give a table of nothing', 'invalid', { count: 0 }, 'a table of 0 layers'),
  lies(
    'table-endless',
    'to give a table of 4 billion layers',
    'invalid',
    { count: -1 },
    'a table of 4294967295 layers',
  ),
  lies(
    'table-long',
    'to give one layer more than there may be',
    'invalid',
    { count: 257, entries: many(257, BLOCK, LENGTH) },
    'a table of 257 layers',
  ),
  lies('block-outside', 'to have a layer read outside the memory', 'trap', {
    entries: [0x7fff_fff0, LENGTH],
  }),
  lies('block-past-the-end', 'to have a layer read over the end of the memory', 'trap', {
    entries: [65_536 - 16, LENGTH],
  }),
  lies('block-misaligned', 'to have a layer read from a multiple of 4 that is none of 16', 'trap', {
    entries: [BLOCK + 4, LENGTH],
  }),
  lies(
    'block-endless',
    'to have a layer of 4 GiB',
    'invalid',
    { entries: [BLOCK, 0xffff_ffff] },
    'bytes of layers; at most',
  ),
  lies(
    'blocks-endless',
    'to have one place copied two hundred times, a gigabyte in all',
    'invalid',
    { count: 200, entries: many(200, 0, 8 * 1024 * 1024) },
    'bytes of layers; at most',
  ),
  lies(
    'block-short',
    'to have a layer shorter than its header',
    'invalid',
    { entries: [BLOCK, 16] },
    'shorter than its header',
  ),
  lies(
    'block-length',
    'to have a layer shorter than its header implies',
    'invalid',
    { entries: [BLOCK, LENGTH - 4] },
    'not as long as its header implies',
  ),
  lies(
    'kind',
    'to have a layer of a kind that there is not',
    'invalid',
    { block: header(9, 0, 4, 4, 0), entries: [BLOCK, 32] },
    'an unknown kind of layer',
  ),
  lies(
    'values',
    'to have values of a type that there is not',
    'invalid',
    { block: header(1, 7, 4, 4, 0), entries: [BLOCK, 32] },
    'an unknown type of values',
  ),
  lies(
    'activation',
    'to have an activation that there is not',
    'invalid',
    { block: header(2, 0, 0, 0, 99), entries: [BLOCK, 32] },
    'an unknown activation',
  ),
  lies(
    'slopes',
    'to have slopes where there are none',
    'invalid',
    { block: header(2, 0, 4, 0, 0), entries: [BLOCK, 48] },
    'slopes of relu',
  ),
  lies(
    'inputs',
    'to have a layer that takes another width',
    'invalid',
    { block: header(1, 0, 5, 4, 0), entries: [BLOCK, 32] },
    'does not fit the one before',
  ),
  lies(
    'overflow',
    'to have sizes whose product has more than 32 bits',
    'invalid',
    { block: header(1, 0, 4, 0x4000_0000, 0), entries: [BLOCK, 32] },
    'an impossible width',
  ),
  lies(
    'last-width',
    'to end in another width',
    'invalid',
    { block: words(1, 0, 4, 1, 0, 0, 0, 0) + floats(0, 0, 0, 0, 0), entries: [BLOCK, 52] },
    'does not give back the width',
  ),
  lies('nan', 'to have weights that are NaN', 'non-finite', {
    block: IDENTITY.slice(0, 96) + floats(Number.NaN) + IDENTITY.slice(108),
  }),
  lies('half-infinity', 'to have weights of float16 that are infinite', 'non-finite', {
    block: words(1, 1, 4, 4, 0, 0, 0, 0) + words(0x7c00, ...many(9, 0)),
    entries: [BLOCK, 72],
  }),
  lies(
    'one-side',
    'to leave one side alone and not the other',
    'invalid',
    {
      body: '(if (i32.eqz (local.get 1)) (then (return (i32.const 3)))) (i32.store (local.get 2) (i32.const 2048)) (i32.store offset=4 (local.get 2) (i32.const 1)) (i32.const 0)',
    },
    'it leaves only the keys alone',
  ),
  {
    name: 'layers-overlap',
    tries: 'to give one block for many layers, which the host must not confuse',
    module: module({ count: 100, entries: many(100, BLOCK, LENGTH) }),
    must: 'nothing',
  },
];
