// Operators for mutations: where those of a body begin, and new ones with plausible immediates.
import { type Immediate, operatorOf } from '../../../plugins/contract/opcodes.ts';
import { ModuleReader } from '../../../plugins/contract/reader.ts';
import { passOperator } from '../../../plugins/metering/operator.ts';
import { leb } from '../module-bytes.ts';
import type { Random } from './random.ts';

const ALL: readonly number[] = [
  ...Array.from({ length: 0x100 }, (_, code) => code),
  ...Array.from({ length: 0x20 }, (_, code) => 0xfc00 + code),
  ...Array.from({ length: 0x120 }, (_, code) => 0xfd000 + code),
];
const ALLOWED = ALL.filter((code) => operatorOf(code) !== undefined);

function encode(code: number): number[] {
  if (code < 0x100) return [code];
  return code < 0xfd000 ? [0xfc, ...leb(code - 0xfc00)] : [0xfd, ...leb(code - 0xfd000)];
}

const NUMBERS: readonly (readonly number[])[] = [
  [0], [1], [2], [3], [5], [0x3f], [0x40], [0x7f], [0x80, 0x01], [0x80, 0x80, 0x04], [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0x07], [0x80, 0x80, 0x80, 0x80, 0x00], [0x80, 0x80, 0x80, 0x80, 0x78], [0x80, 0x80, 0x80, 0x80, 0x10],
]; // biome-ignore format: a table

/** A LEB128 number: small, extreme, padded or broken. */
export function someNumber(random: Random): readonly number[] {
  return random.below(3) === 0 ? random.pick(NUMBERS) : leb(random.below(12));
}

const BLOCK_TYPES = [0x40, 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0, 1, 2, 3, 4];

/** An operator, mostly one that plugins may use, with immediates that fit now and then. */
export function someOperator(random: Random): number[] {
  const code = random.below(20) === 0 ? random.pick(ALL) : random.pick(ALLOWED);
  return [...encode(code), ...someImmediate(random, operatorOf(code)?.immediate ?? 'none')];
}

/** The operators that take no more and no less room than another of the same immediates. */
export function sibling(random: Random, code: number): number[] {
  const wanted = operatorOf(code)?.immediate;
  return encode(random.pick(ALLOWED.filter((other) => operatorOf(other)?.immediate === wanted)));
}

function someImmediate(random: Random, immediate: Immediate): number[] {
  const number = (): readonly number[] => someNumber(random);
  const bytes = (count: number, end = 256): number[] =>
    Array.from({ length: count }, () => random.below(end));
  switch (immediate) {
    case 'none':
      return [];
    case 'block':
      return [random.pick(BLOCK_TYPES)];
    case 'labels': {
      const count = random.below(4);
      return [count, ...bytes(count + 1, 3)];
    }
    case 'table':
      return [random.below(4), 0];
    case 'access':
      return [random.below(5), ...number()];
    case 'access-lane':
      return [random.below(4), ...number(), random.below(8)];
    case 'memory':
      return [random.below(20) === 0 ? 1 : 0];
    case 'two-memories':
      return [0, 0];
    case 'segment-memory':
      return [random.below(3), 0];
    case 'f32':
      return bytes(4);
    case 'f64':
      return bytes(8);
    case 'v128':
      return bytes(16);
    case 'lane':
      return [random.below(17)];
    case 'shuffle':
      return bytes(16, 33);
    default:
      return [...number()];
  }
}

/** An operator's code, and the bytes from `start` to `end` that it takes with its immediates. */
export interface Place {
  readonly code: number;
  readonly start: number;
  readonly immediates: number;
  readonly end: number;
}

/** The operators of a body, from its locals on; as many as can be told apart. */
export function placesOf(body: readonly number[]): Place[] {
  const reader = new ModuleReader('body', Uint8Array.from(body));
  const places: Place[] = [];
  try {
    for (let groups = reader.number(); groups > 0; groups--) {
      reader.number();
      reader.byte();
    }
    while (reader.at < reader.end) places.push(readPlace(reader));
  } catch {
    // A body that was spoilt before: the operators up to there will do.
  }
  return places;
}

function readPlace(reader: ModuleReader): Place {
  const start = reader.at;
  const code = passOperator(reader);
  return { code, start, immediates: start + encode(code).length, end: reader.at };
}
