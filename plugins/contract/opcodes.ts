// The operators that plugins may use, with their immediates and types: WebAssembly 2.0 without tables and references, plus
// relaxed SIMD. All else is refused. Prefixed operators are numbered prefix · 256 + code, those of SIMD prefix · 4096 + code.
import { VALUE_TYPE, type ValueType } from './value-type.ts';

/** What follows an operator's code. */
export type Immediate =
  | 'none'
  | 'block'
  | 'label'
  | 'labels'
  | 'function'
  | 'table'
  | 'local'
  | 'global'
  /** Alignment and offset of a memory access. */
  | 'access'
  /** The same and a lane. */
  | 'access-lane'
  | 'memory'
  | 'two-memories'
  | 'segment'
  | 'segment-memory'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'v128'
  | 'lane'
  | 'shuffle';

export interface Operator {
  readonly immediate: Immediate;
  /** Undefined where they depend on the module or on the operands. */
  readonly type?: { readonly pops: readonly ValueType[]; readonly pushes: readonly ValueType[] };
  /** For an access the power of two of its natural alignment; for a lane how many there are; for both, that power. */
  readonly bound: number;
}

type Row = readonly [first: number, last: number, type: string, immediate?: Immediate, bound?: number];

/** Runs of codes; types as letters: i i32, I i64, f f32, F f64, v v128, popped before the colon and pushed after it; `?` depends. */
// biome-ignore format: a table
const ROWS: readonly Row[] = [
  // unreachable nop block loop if else end br br_if br_table return call call_indirect drop select
  [0x00, 0x00, '?'], [0x01, 0x01, ':'], [0x02, 0x04, '?', 'block'], [0x05, 0x05, '?'], [0x0b, 0x0b, '?'],
  [0x0c, 0x0d, '?', 'label'], [0x0e, 0x0e, '?', 'labels'], [0x0f, 0x0f, '?'], [0x10, 0x10, '?', 'function'],
  [0x11, 0x11, '?', 'table'], [0x1a, 0x1b, '?'], [0x20, 0x22, '?', 'local'], [0x23, 0x24, '?', 'global'],
  // Loads and stores.
  [0x28, 0x28, 'i:i', 'access', 2], [0x29, 0x29, 'i:I', 'access', 3], [0x2a, 0x2a, 'i:f', 'access', 2],
  [0x2b, 0x2b, 'i:F', 'access', 3], [0x2c, 0x2d, 'i:i', 'access', 0], [0x2e, 0x2f, 'i:i', 'access', 1],
  [0x30, 0x31, 'i:I', 'access', 0], [0x32, 0x33, 'i:I', 'access', 1], [0x34, 0x35, 'i:I', 'access', 2],
  [0x36, 0x36, 'ii:', 'access', 2], [0x37, 0x37, 'iI:', 'access', 3], [0x38, 0x38, 'if:', 'access', 2],
  [0x39, 0x39, 'iF:', 'access', 3], [0x3a, 0x3a, 'ii:', 'access', 0], [0x3b, 0x3b, 'ii:', 'access', 1],
  [0x3c, 0x3c, 'iI:', 'access', 0], [0x3d, 0x3d, 'iI:', 'access', 1], [0x3e, 0x3e, 'iI:', 'access', 2],
  // memory.size memory.grow, constants
  [0x3f, 0x3f, ':i', 'memory'], [0x40, 0x40, 'i:i', 'memory'],
  [0x41, 0x41, ':i', 'i32'], [0x42, 0x42, ':I', 'i64'], [0x43, 0x43, ':f', 'f32'], [0x44, 0x44, ':F', 'f64'],
  // Comparisons, arithmetic, conversions, sign extension.
  [0x45, 0x45, 'i:i'], [0x46, 0x4f, 'ii:i'], [0x50, 0x50, 'I:i'], [0x51, 0x5a, 'II:i'], [0x5b, 0x60, 'ff:i'],
  [0x61, 0x66, 'FF:i'], [0x67, 0x69, 'i:i'], [0x6a, 0x78, 'ii:i'], [0x79, 0x7b, 'I:I'], [0x7c, 0x8a, 'II:I'],
  [0x8b, 0x91, 'f:f'], [0x92, 0x98, 'ff:f'], [0x99, 0x9f, 'F:F'], [0xa0, 0xa6, 'FF:F'], [0xa7, 0xa7, 'I:i'],
  [0xa8, 0xa9, 'f:i'], [0xaa, 0xab, 'F:i'], [0xac, 0xad, 'i:I'], [0xae, 0xaf, 'f:I'], [0xb0, 0xb1, 'F:I'],
  [0xb2, 0xb3, 'i:f'], [0xb4, 0xb5, 'I:f'], [0xb6, 0xb6, 'F:f'], [0xb7, 0xb8, 'i:F'], [0xb9, 0xba, 'I:F'],
  [0xbb, 0xbb, 'f:F'], [0xbc, 0xbc, 'f:i'], [0xbd, 0xbd, 'F:I'], [0xbe, 0xbe, 'i:f'], [0xbf, 0xbf, 'I:F'],
  [0xc0, 0xc1, 'i:i'], [0xc2, 0xc4, 'I:I'],
  // Saturating conversions; memory.init data.drop memory.copy memory.fill
  [0xfc00, 0xfc01, 'f:i'], [0xfc02, 0xfc03, 'F:i'], [0xfc04, 0xfc05, 'f:I'], [0xfc06, 0xfc07, 'F:I'],
  [0xfc08, 0xfc08, 'iii:', 'segment-memory'], [0xfc09, 0xfc09, ':', 'segment'],
  [0xfc0a, 0xfc0a, 'iii:', 'two-memories'], [0xfc0b, 0xfc0b, 'iii:', 'memory'],
  // SIMD: loads, store, constant, shuffle, swizzle, splats, lanes.
  [0xfd000, 0xfd000, 'i:v', 'access', 4], [0xfd001, 0xfd006, 'i:v', 'access', 3], [0xfd007, 0xfd007, 'i:v', 'access', 0],
  [0xfd008, 0xfd008, 'i:v', 'access', 1], [0xfd009, 0xfd009, 'i:v', 'access', 2], [0xfd00a, 0xfd00a, 'i:v', 'access', 3],
  [0xfd00b, 0xfd00b, 'iv:', 'access', 4], [0xfd00c, 0xfd00c, ':v', 'v128'], [0xfd00d, 0xfd00d, 'vv:v', 'shuffle'],
  [0xfd00e, 0xfd00e, 'vv:v'], [0xfd00f, 0xfd011, 'i:v'], [0xfd012, 0xfd012, 'I:v'], [0xfd013, 0xfd013, 'f:v'],
  [0xfd014, 0xfd014, 'F:v'], [0xfd015, 0xfd016, 'v:i', 'lane', 16], [0xfd017, 0xfd017, 'vi:v', 'lane', 16],
  [0xfd018, 0xfd019, 'v:i', 'lane', 8], [0xfd01a, 0xfd01a, 'vi:v', 'lane', 8], [0xfd01b, 0xfd01b, 'v:i', 'lane', 4],
  [0xfd01c, 0xfd01c, 'vi:v', 'lane', 4], [0xfd01d, 0xfd01d, 'v:I', 'lane', 2], [0xfd01e, 0xfd01e, 'vI:v', 'lane', 2],
  [0xfd01f, 0xfd01f, 'v:f', 'lane', 4], [0xfd020, 0xfd020, 'vf:v', 'lane', 4], [0xfd021, 0xfd021, 'v:F', 'lane', 2],
  [0xfd022, 0xfd022, 'vF:v', 'lane', 2],
  // Comparisons, bits, loads and stores of a lane, zero-extended loads.
  [0xfd023, 0xfd04c, 'vv:v'], [0xfd04d, 0xfd04d, 'v:v'], [0xfd04e, 0xfd051, 'vv:v'], [0xfd052, 0xfd052, 'vvv:v'],
  [0xfd053, 0xfd053, 'v:i'], [0xfd054, 0xfd054, 'iv:v', 'access-lane', 0], [0xfd055, 0xfd055, 'iv:v', 'access-lane', 1],
  [0xfd056, 0xfd056, 'iv:v', 'access-lane', 2], [0xfd057, 0xfd057, 'iv:v', 'access-lane', 3],
  [0xfd058, 0xfd058, 'iv:', 'access-lane', 0], [0xfd059, 0xfd059, 'iv:', 'access-lane', 1],
  [0xfd05a, 0xfd05a, 'iv:', 'access-lane', 2], [0xfd05b, 0xfd05b, 'iv:', 'access-lane', 3],
  [0xfd05c, 0xfd05c, 'i:v', 'access', 2], [0xfd05d, 0xfd05d, 'i:v', 'access', 3], [0xfd05e, 0xfd05f, 'v:v'],
  // i8x16 and rounding
  [0xfd060, 0xfd062, 'v:v'], [0xfd063, 0xfd064, 'v:i'], [0xfd065, 0xfd066, 'vv:v'], [0xfd067, 0xfd06a, 'v:v'],
  [0xfd06b, 0xfd06d, 'vi:v'], [0xfd06e, 0xfd073, 'vv:v'], [0xfd074, 0xfd075, 'v:v'], [0xfd076, 0xfd079, 'vv:v'],
  [0xfd07a, 0xfd07a, 'v:v'], [0xfd07b, 0xfd07b, 'vv:v'], [0xfd07c, 0xfd07f, 'v:v'],
  // i16x8
  [0xfd080, 0xfd081, 'v:v'], [0xfd082, 0xfd082, 'vv:v'], [0xfd083, 0xfd084, 'v:i'], [0xfd085, 0xfd086, 'vv:v'],
  [0xfd087, 0xfd08a, 'v:v'], [0xfd08b, 0xfd08d, 'vi:v'], [0xfd08e, 0xfd093, 'vv:v'], [0xfd094, 0xfd094, 'v:v'],
  [0xfd095, 0xfd099, 'vv:v'], [0xfd09b, 0xfd09f, 'vv:v'],
  // i32x4
  [0xfd0a0, 0xfd0a1, 'v:v'], [0xfd0a3, 0xfd0a4, 'v:i'], [0xfd0a7, 0xfd0aa, 'v:v'], [0xfd0ab, 0xfd0ad, 'vi:v'],
  [0xfd0ae, 0xfd0ae, 'vv:v'], [0xfd0b1, 0xfd0b1, 'vv:v'], [0xfd0b5, 0xfd0ba, 'vv:v'], [0xfd0bc, 0xfd0bf, 'vv:v'],
  // i64x2
  [0xfd0c0, 0xfd0c1, 'v:v'], [0xfd0c3, 0xfd0c4, 'v:i'], [0xfd0c7, 0xfd0ca, 'v:v'], [0xfd0cb, 0xfd0cd, 'vi:v'],
  [0xfd0ce, 0xfd0ce, 'vv:v'], [0xfd0d1, 0xfd0d1, 'vv:v'], [0xfd0d5, 0xfd0df, 'vv:v'],
  // f32x4, f64x2, conversions
  [0xfd0e0, 0xfd0e1, 'v:v'], [0xfd0e3, 0xfd0e3, 'v:v'], [0xfd0e4, 0xfd0eb, 'vv:v'], [0xfd0ec, 0xfd0ed, 'v:v'],
  [0xfd0ef, 0xfd0ef, 'v:v'], [0xfd0f0, 0xfd0f7, 'vv:v'], [0xfd0f8, 0xfd0ff, 'v:v'],
  // Relaxed SIMD: swizzle, truncations, multiply-add and laneselect, minimum and maximum, products.
  [0xfd100, 0xfd100, 'vv:v'], [0xfd101, 0xfd104, 'v:v'], [0xfd105, 0xfd10c, 'vvv:v'], [0xfd10d, 0xfd112, 'vv:v'],
  [0xfd113, 0xfd113, 'vvv:v'],
];

const LETTERS: Readonly<Record<string, ValueType>> = {
  i: VALUE_TYPE.i32,
  I: VALUE_TYPE.i64,
  f: VALUE_TYPE.f32,
  F: VALUE_TYPE.f64,
  v: VALUE_TYPE.v128,
};

const OPERATORS = new Map<number, Operator>();
for (const [first, last, letters, immediate = 'none', bound = 0] of ROWS) {
  const [pops, pushes] = letters.split(':').map((half) => [...half].map((letter) => LETTERS[letter]!));
  const operator: Operator =
    pushes === undefined ? { immediate, bound } : { immediate, bound, type: { pops: pops!, pushes } };
  for (let code = first; code <= last; code++) OPERATORS.set(code, operator);
}

const RELAXED_SIMD_FIRST = 0xfd100;
const RELAXED_SIMD_LAST = 0xfd113;

/** What the operator takes and gives; undefined: plugins may not use it. */
export function operatorOf(code: number): Operator | undefined {
  return OPERATORS.get(code);
}

/** Whether a function body may hold this operator. */
export function isAllowed(code: number): boolean {
  return OPERATORS.has(code);
}

export function isRelaxedSimd(code: number): boolean {
  return code >= RELAXED_SIMD_FIRST && code <= RELAXED_SIMD_LAST;
}
