// Meters one function: charges at its entry and at every loop's head for the operators that run before the next charge.
import type { ModuleReader } from '../contract/reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { CHARGE_COST, OPERATOR_COST } from './fuel.ts';
import { CODE, costOf, passOperator } from './operator.ts';

/** Indices that the pass adds to the module. */
export interface Additions {
  /** The fuel's global. */
  readonly fuel: number;
  /** `(pages) → previous pages or -1`: grows the memory and charges for it. */
  readonly grow: number;
  /** `(length) → length`: charges for a bulk operator. */
  readonly charge: number;
}

/** A change of the body: at byte `at`, `length` bytes make way for a charge or a call. */
interface Edit {
  readonly at: number;
  readonly length: number;
  readonly region: Region | undefined;
  readonly call: number;
}

/** A function's or a loop's own operators, inner loops' left out: what runs at most once between two charges. */
interface Region {
  cost: number;
}

/** Appends `fuel -= cost; if (fuel < 0) unreachable`. It needs no operands and leaves none. */
export function writeCharge(to: ByteWriter, fuel: number, cost: number): void {
  to.byte(0x23).unsigned(fuel); // global.get
  to.byte(0x42).signed(cost); // i64.const
  to.byte(0x7d).byte(0x24).unsigned(fuel); // i64.sub, global.set
  writeCheck(to, fuel);
}

/** Appends `if (fuel < 0) unreachable`. */
export function writeCheck(to: ByteWriter, fuel: number): void {
  to.byte(0x23).unsigned(fuel); // global.get
  to.byte(0x42, 0x00, 0x53); // i64.const 0, i64.lt_s
  to.byte(0x04, 0x40, 0x00, 0x0b); // if unreachable end
}

/**
 * Appends the metered body, its size before it. `reader` holds exactly the body, from its locals on.
 * Every operator belongs to the innermost loop around it, or to the function; branches lead back to loops' heads only, so an
 * operator runs at most once for each charge of its region, and the work done is never more than the fuel used.
 */
export function meterBody(reader: ModuleReader, additions: Additions, to: ByteWriter): void {
  const start = reader.at;
  const whole: Region = { cost: CHARGE_COST };
  for (let groups = reader.number(); groups > 0; groups--) {
    whole.cost += reader.number() * OPERATOR_COST;
    reader.byte();
  }
  const edits: Edit[] = [{ at: reader.at, length: 0, region: whole, call: 0 }];
  const enclosing: Region[] = [whole];
  while (reader.at < reader.end) {
    const at = reader.at;
    const region = enclosing.at(-1);
    if (region === undefined) reader.refuse('operators after the end of a function');
    const code = passOperator(reader);
    region.cost += costOf(code);
    if (code === CODE.loop) {
      const inner: Region = { cost: CHARGE_COST };
      enclosing.push(inner);
      edits.push({ at: reader.at, length: 0, region: inner, call: 0 });
    } else if (code === CODE.block || code === CODE.if) {
      enclosing.push(region);
    } else if (code === CODE.end) {
      enclosing.pop();
    } else if (code === CODE.memoryGrow) {
      edits.push({ at, length: reader.at - at, region: undefined, call: additions.grow });
    } else if (BULK.has(code)) {
      edits.push({ at, length: 0, region: undefined, call: additions.charge });
    }
  }
  if (enclosing.length > 0) reader.refuse('a function without its end');

  const body = new ByteWriter();
  let copied = start;
  for (const { at, length, region, call } of edits) {
    body.bytes(reader.bytes.subarray(copied, at));
    if (region === undefined) body.byte(0x10).unsigned(call);
    else writeCharge(body, additions.fuel, region.cost);
    copied = at + length;
  }
  to.sized(body.bytes(reader.bytes.subarray(copied, reader.end)).view());
}

const BULK: ReadonlySet<number> = new Set([CODE.memoryInit, CODE.memoryCopy, CODE.memoryFill]);
