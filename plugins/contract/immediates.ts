// Reads what follows the code of an operator: constants, lanes, places in memory, and holds it against its bounds.
import type { Operator } from './opcodes.ts';
import type { Fail } from './operand-stack.ts';
import type { ModuleReader } from './reader.ts';

/**
 * Passes the immediates of an operator whose types are its own; those that name a label, a function, a local or a global are
 * the caller's. `dataCount` is what the section of the data's count says, undefined without one.
 */
export function readImmediate(
  reader: ModuleReader,
  { immediate, bound }: Operator,
  dataCount: number | undefined,
  fail: Fail,
): void {
  switch (immediate) {
    case 'access':
      readAccess(reader, bound, fail);
      return;
    case 'access-lane':
      readAccess(reader, bound, fail);
      readLane(reader, 16 >> bound, fail);
      return;
    case 'lane':
      readLane(reader, bound, fail);
      return;
    case 'shuffle':
      for (let i = 0; i < 16; i++) readLane(reader, 32, fail);
      return;
    case 'memory':
      readMemory(reader, fail);
      return;
    case 'two-memories':
      readMemory(reader, fail);
      readMemory(reader, fail);
      return;
    case 'segment':
      readSegment(reader, dataCount, fail);
      return;
    case 'segment-memory':
      readSegment(reader, dataCount, fail);
      readMemory(reader, fail);
      return;
    case 'i32':
      reader.signed(32);
      return;
    case 'i64':
      reader.signed(64);
      return;
    case 'f32':
      reader.take(4);
      return;
    case 'f64':
      reader.take(8);
      return;
    case 'v128':
      reader.take(16);
      return;
  }
}

/** Alignment and offset. An alignment of 64 and more would announce another memory's index. */
function readAccess(reader: ModuleReader, bound: number, fail: Fail): void {
  const power = reader.number();
  if (power > bound) fail('an alignment above the natural one', `at most 2^${bound}`, `2^${power}`);
  reader.number();
}

function readLane(reader: ModuleReader, lanes: number, fail: Fail): void {
  const lane = reader.byte();
  if (lane >= lanes) fail('a lane that is not there', `below ${lanes}`, String(lane));
}

function readMemory(reader: ModuleReader, fail: Fail): void {
  const index = reader.byte();
  if (index !== 0) fail('a memory that is not there', '0', String(index));
}

function readSegment(reader: ModuleReader, dataCount: number | undefined, fail: Fail): void {
  const index = reader.number();
  if (dataCount === undefined) fail('an operator on data segments', 'a data count section before the code');
  if (index >= dataCount) fail('a data segment that is not there', `below ${dataCount}`, String(index));
}
