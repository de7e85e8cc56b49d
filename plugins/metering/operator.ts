// Passes one operator of a function body: where it ends, and what it costs.
import { readImmediate } from '../contract/immediates.ts';
import { operatorOf } from '../contract/opcodes.ts';
import { hex, type ModuleReader } from '../contract/reader.ts';
import { OPERATOR_COST, SLOW_OPERATOR_COST } from './fuel.ts';

/** Operators that the pass treats specially, numbered as in contract/opcodes.ts. */
export const CODE = {
  block: 0x02, loop: 0x03, if: 0x04, end: 0x0b,
  memoryGrow: 0x40, memoryInit: 0xfc08, memoryCopy: 0xfc0a, memoryFill: 0xfc0b,
} as const; // biome-ignore format: a table

const SLOW: ReadonlySet<number> = new Set([
  0x11, // call_indirect
  0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82, // integer division and remainder
  0x91, 0x95, 0x9f, 0xa3, // f32, f64: sqrt, div
  0xfd0e3, 0xfd0e7, 0xfd0ef, 0xfd0f3, // f32x4, f64x2: sqrt, div
]); // biome-ignore format: a table

/** Reads an operator with its immediates and gives its code. Throws `plugin/invalid` for one that plugins may not use. */
export function passOperator(reader: ModuleReader): number {
  const code = readCode(reader);
  const operator = operatorOf(code);
  if (operator === undefined) reader.refuse('an operator that cannot be metered', undefined, hex(code));
  switch (operator.immediate) {
    case 'none':
      break;
    case 'block':
      reader.signed(33);
      break;
    case 'labels':
      for (let targets = reader.number(); targets >= 0; targets--) reader.number();
      break;
    case 'table':
      reader.number();
      reader.number();
      break;
    case 'label':
    case 'function':
    case 'local':
    case 'global':
      reader.number();
      break;
    default:
      readImmediate(reader, operator, Number.POSITIVE_INFINITY, (what, expected, found) =>
        reader.refuse(what, expected, found),
      );
  }
  return code;
}

function readCode(reader: ModuleReader): number {
  const first = reader.byte();
  if (first !== 0xfc && first !== 0xfd) return first;
  const number = reader.number();
  // A number beyond the prefix's own range must not pass for another operator.
  if (number > (first === 0xfc ? 0xff : 0xfff))
    reader.refuse('an operator that cannot be metered', undefined, hex(number));
  return first === 0xfc ? 0xfc00 + number : 0xfd000 + number;
}

/** What executing the operator once costs, without what it calls and, for bulk memory, its length. */
export function costOf(code: number): number {
  return SLOW.has(code) ? SLOW_OPERATOR_COST : OPERATOR_COST;
}
