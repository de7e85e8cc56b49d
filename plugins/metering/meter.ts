// Rewrites a plugin so that it counts its own work down and stops: for homes that cannot end a running module.
import { MAX_MEMORY_BYTES, WASM_PAGE_BYTES } from '../contract/limits.ts';
import { PluginError } from '../contract/plugin-error.ts';
import { ModuleReader } from '../contract/reader.ts';
import { type Additions, meterBody, writeCheck } from './body.ts';
import { ByteWriter } from './byte-writer.ts';
import { BULK_BYTES_SHIFT, BULK_COST, FUEL_EXPORT, GROW_COST, GROWN_PAGE_COST } from './fuel.ts';

export interface MeterOptions {
  /** Stands in error messages. Default `plugin`. */
  readonly name?: string;
  /** Bytes that the memory may grow to; a larger declared maximum is lowered. Default: MAX_MEMORY_BYTES. */
  readonly memoryBytes?: number;
}

const HEADER_BYTES = 8;
const SECTION = {
  custom: 0, type: 1, function: 3, memory: 5, global: 6, export: 7, code: 10, dataCount: 12,
} as const; // biome-ignore format: a table
/** Places of the known sections; a data count stands before the code. */
const place = (id: number): number => (id === SECTION.dataCount ? 9.5 : id);
const FUNCTION_TYPE = 0x60;
const I32 = 0x7f;
const I64 = 0x7e;
const MUTABLE = 1;
const EXPORTED_GLOBAL = 3;

interface Section {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Gives a module that does the same as `wasm` and pays for it: the exported mutable i64 global `tincture_fuel`, 0 at first,
 * is charged at every function entry and loop head, for each operator up to the next charge, and for the bytes that bulk
 * operators and growth touch. Once it is below zero the module traps (`unreachable`). All indices stay; types, helper
 * functions, the global and its export are appended; custom sections are dropped.
 *
 * `wasm` must have passed the validator; types inside functions are checked here. Throws `plugin/invalid` for a module that
 * the engine refuses, and `plugin/memory` for one whose memory starts above `memoryBytes`.
 */
export function meterPlugin(wasm: Uint8Array, options: MeterOptions = {}): Uint8Array<ArrayBuffer> {
  const { name = 'plugin', memoryBytes = MAX_MEMORY_BYTES } = options;
  // An index past the end of the original's lists would mean one of the additions, such as the fuel itself.
  if (!WebAssembly.validate(new Uint8Array(wasm))) {
    throw new PluginError('invalid', 'the engine refuses the module', { where: name });
  }
  const sections = readSections(name, wasm);
  const read = (id: number): ModuleReader => {
    const section = sections.find((it) => it.id === id);
    return section === undefined
      ? new ModuleReader(name, Uint8Array.of(0))
      : new ModuleReader(name, wasm, section.start, section.end);
  };
  const types = read(SECTION.type).number();
  const functions = read(SECTION.function).number();
  const additions = { fuel: read(SECTION.global).number(), grow: functions, charge: functions + 1 };

  const rewritten = new Map<number, Uint8Array>([
    [SECTION.type, extend(read(SECTION.type), 1, (to) => to.byte(FUNCTION_TYPE, 1, I32, 1, I32))],
    [SECTION.function, extend(read(SECTION.function), 2, (to) => to.unsigned(types).unsigned(types))],
    [SECTION.memory, capMemory(name, read(SECTION.memory), memoryBytes)],
    [SECTION.global, extend(read(SECTION.global), 1, (to) => to.byte(I64, MUTABLE, 0x42, 0, 0x0b))],
    [
      SECTION.export,
      extend(read(SECTION.export), 1, (to) =>
        to.sized(new TextEncoder().encode(FUEL_EXPORT)).byte(EXPORTED_GLOBAL).unsigned(additions.fuel),
      ),
    ],
    [SECTION.code, meterCode(read(SECTION.code), additions)],
  ]);

  const module = new ByteWriter().bytes(wasm.subarray(0, HEADER_BYTES));
  const write = (id: number, content: Uint8Array): void => {
    module.byte(id).sized(content);
  };
  for (const { id, start, end } of sections) {
    for (const [missing, content] of rewritten) {
      if (place(missing) >= place(id)) continue;
      write(missing, content);
      rewritten.delete(missing);
    }
    write(id, rewritten.get(id) ?? wasm.subarray(start, end));
    rewritten.delete(id);
  }
  return new Uint8Array(module.view());
}

/** The known sections in order; their contents' first and last bytes. */
function readSections(name: string, wasm: Uint8Array): Section[] {
  const reader = new ModuleReader(name, wasm, HEADER_BYTES);
  const sections: Section[] = [];
  while (reader.at < reader.end) {
    const id = reader.byte();
    const size = reader.number();
    const start = reader.at;
    reader.take(size);
    if (id !== SECTION.custom) sections.push({ id, start, end: reader.at });
  }
  return sections;
}

/** A section's list with `count` entries more at its end. */
function extend(reader: ModuleReader, count: number, write: (to: ByteWriter) => void): Uint8Array {
  const to = new ByteWriter().unsigned(reader.number() + count);
  write(to.bytes(reader.bytes.subarray(reader.at, reader.end)));
  return to.view();
}

/** The memory with its declared maximum lowered to the cap. */
function capMemory(name: string, reader: ModuleReader, memoryBytes: number): Uint8Array {
  const pages = Math.floor(memoryBytes / WASM_PAGE_BYTES);
  if (reader.number() !== 1 || reader.byte() !== 1) reader.refuse('not one unshared memory with a maximum');
  const minimum = reader.number();
  if (minimum > pages) {
    throw new PluginError('memory', "the module's memory starts too large", {
      where: name,
      expected: `at most ${pages * WASM_PAGE_BYTES} bytes`,
      found: String(minimum * WASM_PAGE_BYTES),
    });
  }
  return new ByteWriter().byte(1, 1).unsigned(minimum).unsigned(Math.min(reader.number(), pages)).view();
}

function meterCode(reader: ModuleReader, additions: Additions): Uint8Array {
  const count = reader.number();
  const to = new ByteWriter().unsigned(count + 2);
  for (let i = 0; i < count; i++) {
    const size = reader.number();
    meterBody(new ModuleReader(reader.name, reader.bytes, reader.at, reader.at + size), additions, to);
    reader.take(size);
  }
  return to.sized(growBody(additions.fuel)).sized(chargeBody(additions.fuel)).view();
}

/** `previous = memory.grow(pages); fuel -= GROW_COST + (previous == -1 ? 0 : pages · GROWN_PAGE_COST); check; previous`. */
function growBody(fuel: number): Uint8Array {
  const to = new ByteWriter().byte(1, 1, I32); // one local, `previous`, index 1
  to.byte(0x20, 0, 0x40, 0, 0x21, 1); // local.get pages, memory.grow, local.set previous
  to.byte(0x23).unsigned(fuel);
  to.byte(0x41, 0, 0x20, 0, 0x20, 1, 0x41).signed(-1); // i32.const 0, pages, previous, i32.const -1
  to.byte(0x46, 0x1b, 0xad); // i32.eq, select, i64.extend_i32_u
  to.byte(0x42).signed(GROWN_PAGE_COST);
  to.byte(0x7e); // i64.mul
  to.byte(0x42).signed(GROW_COST);
  to.byte(0x7c, 0x7d, 0x24).unsigned(fuel); // i64.add, i64.sub, global.set
  writeCheck(to, fuel);
  return to.byte(0x20, 1, 0x0b).view();
}

/** `fuel -= BULK_COST + min(length >> BULK_BYTES_SHIFT, memory)`, as a longer one traps anyway; `check; length`. */
function chargeBody(fuel: number): Uint8Array {
  const to = new ByteWriter().byte(1, 2, I32); // locals 1: eighths of the length, 2: eighths of the memory
  to.byte(0x23).unsigned(fuel);
  to.byte(0x20, 0, 0x41).signed(BULK_BYTES_SHIFT);
  to.byte(0x76, 0x22, 1); // i32.shr_u, local.tee 1
  to.byte(0x3f, 0, 0x41).signed(16 - BULK_BYTES_SHIFT);
  to.byte(0x74, 0x22, 2); // memory.size, i32.shl, local.tee 2
  to.byte(0x20, 1, 0x20, 2, 0x49, 0x1b, 0xad); // 1 < 2 unsigned ? 1 : 2, i64.extend_i32_u
  to.byte(0x42).signed(BULK_COST);
  to.byte(0x7c, 0x7d, 0x24).unsigned(fuel);
  writeCheck(to, fuel);
  return to.byte(0x20, 0, 0x0b).view();
}
