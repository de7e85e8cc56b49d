// Passes one operator of a function body: where it ends, and what it costs. Knows every operator that plugins may use.
import { isAllowed } from '../contract/opcodes.ts';
import type { ByteReader } from './bytes.ts';
import { OPERATOR_COST, SLOW_OPERATOR_COST } from './fuel.ts';

/** Operators that the pass treats specially; prefixed ones as the contract's list numbers them. */
export const OPERATOR = {
  block: 0x02, loop: 0x03, if: 0x04, end: 0x0b,
  memoryGrow: 0x40, memoryInit: 0xfc08, memoryCopy: 0xfc0a, memoryFill: 0xfc0b,
} as const; // biome-ignore format: a table

/** Inclusive runs of codes by the immediates that follow them. What is in none has no immediates. */
const MEMORY_ACCESS: readonly (readonly [number, number])[] = [
  [0x28, 0x3e], // scalar loads and stores
  [0xfd000, 0xfd00b], // vector loads and stores
  [0xfd054, 0xfd05d], // lanes, zero-extended loads
];
const LANE_ACCESS = [0xfd054, 0xfd05b] as const;
const LANE = [0xfd015, 0xfd022] as const;
/** br br_if call, locals and globals: one index. */
const INDEXED: readonly (readonly [number, number])[] = [
  [0x0c, 0x0d],
  [0x10, 0x10],
  [0x20, 0x24],
];
/** Bit of a memory access's alignment that would announce a memory's index: another proposal's. */
const MEMORY_INDEX_FLAG = 0x40;

const SLOW: readonly (readonly [number, number])[] = [
  [0x11, 0x11], // call_indirect
  [0x6d, 0x70], // i32 division and remainder
  [0x7f, 0x82], // i64
  [0x91, 0x91], // f32.sqrt
  [0x95, 0x95], // f32.div
  [0x9f, 0x9f], // f64.sqrt
  [0xa3, 0xa3], // f64.div
  [0xfd0e3, 0xfd0e3], // f32x4.sqrt
  [0xfd0e7, 0xfd0e7], // f32x4.div
  [0xfd0ef, 0xfd0ef], // f64x2.sqrt
  [0xfd0f3, 0xfd0f3], // f64x2.div
];

function within(code: number, [first, last]: readonly [number, number]): boolean {
  return code >= first && code <= last;
}

/** Reads an operator's code: prefix · 256 (SIMD: · 4096) + number where it has a prefix. */
export function readOperator(reader: ByteReader): number {
  const first = reader.byte();
  const code =
    first === 0xfc ? 0xfc00 + reader.unsigned() : first === 0xfd ? 0xfd000 + reader.unsigned() : first;
  // A number after a prefix that leaves its range could pass for another operator.
  const range = first === 0xfc ? 0xfc0b : first === 0xfd ? 0xfd113 : 0xff;
  if (code > range || !isAllowed(code)) {
    reader.refuse(`an operator that cannot be metered, 0x${code.toString(16)}`);
  }
  return code;
}

/** Passes the immediates of the operator that was just read. */
export function skipImmediates(reader: ByteReader, code: number): void {
  if (code < 0x1a || (code >= 0x20 && code <= 0x24)) {
    skipControl(reader, code);
  } else if (MEMORY_ACCESS.some((run) => within(code, run))) {
    if (reader.unsigned() >= MEMORY_INDEX_FLAG) reader.refuse('a memory access with flags');
    reader.unsigned();
    if (within(code, LANE_ACCESS)) reader.skip(1);
  } else if (code === 0x3f || code === OPERATOR.memoryGrow || code === OPERATOR.memoryFill) {
    firstMemory(reader);
  } else if (code === 0x41 || code === 0x42) {
    reader.skipNumber();
  } else if (code === 0x43) {
    reader.skip(4);
  } else if (code === 0x44) {
    reader.skip(8);
  } else if (code === OPERATOR.memoryInit) {
    reader.unsigned();
    firstMemory(reader);
  } else if (code === 0xfc09) {
    reader.unsigned();
  } else if (code === OPERATOR.memoryCopy) {
    firstMemory(reader);
    firstMemory(reader);
  } else if (code === 0xfd00c || code === 0xfd00d) {
    reader.skip(16);
  } else if (within(code, LANE)) {
    reader.skip(1);
  }
}

function skipControl(reader: ByteReader, code: number): void {
  if (code === OPERATOR.block || code === OPERATOR.loop || code === OPERATOR.if) {
    reader.skipNumber();
  } else if (code === 0x0e) {
    for (let targets = reader.unsigned(); targets >= 0; targets--) reader.unsigned();
  } else if (code === 0x11) {
    reader.unsigned();
    reader.unsigned();
  } else if (INDEXED.some((run) => within(code, run))) {
    reader.unsigned();
  }
}

function firstMemory(reader: ByteReader): void {
  if (reader.unsigned() !== 0) reader.refuse('an index of a second memory');
}

/** What executing the operator once costs, without what it calls and, for bulk memory, its length. */
export function costOf(code: number): number {
  return SLOW.some((run) => within(code, run)) ? SLOW_OPERATOR_COST : OPERATOR_COST;
}
