// The operators that plugins may use: WebAssembly 2.0 without tables and references, plus relaxed SIMD. All else is refused.

/** First and last code of each allowed run; prefixed operators as prefix · 256 (SIMD: · 4096) + code, as wasmparser counts. */
const ALLOWED: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x05], // unreachable nop block loop if else
  [0x0b, 0x11], // end br br_if br_table return call call_indirect
  [0x1a, 0x1b], // drop select
  [0x20, 0x24], // locals and globals
  [0x28, 0x44], // loads, stores, memory.size, memory.grow, constants
  [0x45, 0xbf], // comparisons, arithmetic, conversions
  [0xc0, 0xc4], // sign extension
  [0xfc00, 0xfc07], // saturating conversion
  [0xfc08, 0xfc0b], // memory.init data.drop memory.copy memory.fill
  [0xfd000, 0xfd0ff], // SIMD
  [0xfd100, 0xfd113], // relaxed SIMD
];

/** Operators of initialisers: constants, global.get, ref.func (element segments), end. */
const CONSTANT: ReadonlySet<number> = new Set([0x0b, 0x23, 0x41, 0x42, 0x43, 0x44, 0xd2, 0xfd00c]);

const RELAXED_SIMD_FIRST = 0xfd100;
const RELAXED_SIMD_LAST = 0xfd113;

/** Whether a function body may hold this operator. */
export function isAllowed(code: number): boolean {
  return ALLOWED.some(([first, last]) => code >= first && code <= last);
}

/** Whether an initialiser or a segment's offset may hold this operator. */
export function isConstant(code: number): boolean {
  return CONSTANT.has(code);
}

export function isRelaxedSimd(code: number): boolean {
  return code >= RELAXED_SIMD_FIRST && code <= RELAXED_SIMD_LAST;
}
