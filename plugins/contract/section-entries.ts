// Entries of a module's sections: types, tables, memories, globals, exports and segments, each held against what is there.
import { MAX_NAME_BYTES, MAX_PARAMETERS, MAX_TABLE_ENTRIES, WASM_PAGE_BYTES } from './limits.ts';
import { hex, type ModuleReader } from './reader.ts';
import { type FunctionType, isValueType, spellType, VALUE_TYPE, type ValueType } from './value-type.ts';

export interface MemoryPages {
  readonly minimum: number;
  readonly maximum: number;
  /** Where the entry begins. */
  readonly byte: number;
}

export interface Global {
  readonly type: ValueType;
  readonly mutable: boolean;
}

export const EXTERNAL = { function: 0, table: 1, memory: 2, global: 3 } as const;
const EXTERNAL_NAMES: readonly string[] = ['function', 'table', 'memory', 'global', 'tag'];

export interface Export {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
  /** Where the entry begins. */
  readonly byte: number;
}

const FUNCTION_FORM = 0x60;
const FUNCREF = 0x70;
const END = 0x0b;

export function readValueType(reader: ModuleReader): ValueType {
  const code = reader.byte();
  if (!isValueType(code)) {
    reader.refuse('a type that plugins may not use', 'i32, i64, f32, f64 or v128', hex(code), reader.at - 1);
  }
  return code;
}

export function readType(reader: ModuleReader): FunctionType {
  const form = reader.byte();
  if (form !== FUNCTION_FORM) {
    reader.refuse('a type that is no function type', hex(FUNCTION_FORM), hex(form), reader.at - 1);
  }
  const read = (what: string): ValueType[] => {
    const list: ValueType[] = [];
    for (let left = reader.capped(MAX_PARAMETERS, what); left > 0; left--) list.push(readValueType(reader));
    return list;
  };
  const parameters = read('parameters');
  return { parameters, results: read('results') };
}

/** Refuses the import, in words. */
export function refuseImport(reader: ModuleReader): never {
  const start = reader.at;
  const module = reader.words(MAX_NAME_BYTES);
  const field = reader.words(MAX_NAME_BYTES);
  const kind = reader.byte();
  const spelt = `${EXTERNAL_NAMES[kind] ?? `kind ${kind}`} ${module.slice(0, 64)}.${field.slice(0, 64)}`;
  return reader.refuse('plugins may not import anything', 'no imports', spelt, start);
}

/** A table of functions; gives how many entries it has at first. */
export function readTable(reader: ModuleReader): number {
  const start = reader.at;
  const type = reader.byte();
  if (type !== FUNCREF) reader.refuse('a table of what plugins may not use', 'funcref', hex(type), start);
  const flags = reader.byte();
  if (flags > 1) reader.refuse('the table is shared or 64-bit', 'flags 0 or 1', String(flags), start);
  const minimum = reader.number();
  if (minimum > MAX_TABLE_ENTRIES) {
    reader.refuse('the table is too large', `at most ${MAX_TABLE_ENTRIES} entries`, String(minimum), start);
  }
  if (flags === 1) {
    const maximum = reader.number();
    if (maximum < minimum || maximum > MAX_TABLE_ENTRIES) {
      const range = `${minimum} to ${MAX_TABLE_ENTRIES} entries`;
      reader.refuse("the table's maximum is impossible", range, String(maximum), start);
    }
  }
  return minimum;
}

export function readMemory(reader: ModuleReader): MemoryPages {
  const at = reader.at;
  const flags = reader.byte();
  if (flags === 0) {
    reader.refuse('the memory declares no maximum', 'one, so that it cannot grow for ever', undefined, at);
  }
  if (flags !== 1)
    reader.refuse('the memory is shared, 64-bit or has pages of its own', 'flags 1', String(flags), at);
  return { minimum: reader.number(), maximum: reader.number(), byte: at };
}

export function readGlobal(reader: ModuleReader): Global {
  const type = readValueType(reader);
  const at = reader.at;
  const mutable = reader.byte();
  if (mutable > 1) reader.refuse('a global is neither constant nor mutable', '0 or 1', String(mutable), at);
  readConstant(reader, type);
  return { type, mutable: mutable === 1 };
}

/** How many of each kind there are to export. */
export type Extents = Readonly<Record<keyof typeof EXTERNAL, number>>;

export function readExport(reader: ModuleReader, extents: Extents): Export {
  const byte = reader.at;
  const name = reader.words(MAX_NAME_BYTES);
  const kind = reader.byte();
  const noun = EXTERNAL_NAMES[kind] as keyof Extents | undefined;
  const extent = noun === undefined ? undefined : extents[noun];
  if (extent === undefined)
    reader.refuse('an export of a kind that plugins may not have', 'kinds 0 to 3', String(kind), byte);
  const index = reader.number();
  if (index >= extent)
    reader.refuse(`export ${name}: a ${noun} that is not there`, `below ${extent}`, String(index), byte);
  return { name, kind, index, byte };
}

/** A list of functions for the table, placed where the table is at first. */
export function readElements(reader: ModuleReader, entries: number | undefined, functions: number): void {
  const start = reader.at;
  const flags = reader.number();
  if (flags !== 0 && flags !== 2) {
    reader.refuse(
      'an element segment that is not a placed list of functions',
      'flags 0 or 2',
      String(flags),
      start,
    );
  }
  if (flags === 2 && reader.number() !== 0)
    reader.refuse('an element segment of a second table', undefined, undefined, start);
  if (entries === undefined) reader.refuse('an element segment without a table', undefined, undefined, start);
  const offset = readConstant(reader, VALUE_TYPE.i32);
  if (flags === 2 && reader.byte() !== 0)
    reader.refuse('an element segment of no functions', undefined, undefined, start);
  const at = reader.at;
  const count = reader.number();
  if (offset + count > entries) {
    const found = `${count} at ${offset}`;
    reader.refuse('an element segment reaches outside the table', `${entries} entries`, found, start);
  }
  for (let left = count; left > 0; left--) {
    const index = reader.number();
    if (index >= functions)
      reader.refuse('an element that is no function', `below ${functions}`, String(index), at);
  }
}

/** Bytes for the memory, placed where it is at first or kept for `memory.init`. */
export function readData(reader: ModuleReader, memory: MemoryPages | undefined): void {
  const start = reader.at;
  const flags = reader.number();
  if (flags > 2) reader.refuse('a data segment of a kind that is not known', '0 to 2', String(flags), start);
  if (flags === 2 && reader.number() !== 0)
    reader.refuse('a data segment of a second memory', undefined, undefined, start);
  const offset = flags === 1 ? undefined : readConstant(reader, VALUE_TYPE.i32);
  const length = reader.number();
  reader.take(length);
  const size = (memory?.minimum ?? 0) * WASM_PAGE_BYTES;
  if (offset !== undefined && (memory === undefined || offset + length > size)) {
    const found = `${length} at ${offset}`;
    reader.refuse('a data segment reaches outside the memory', `${size} bytes`, found, start);
  }
}

/** An initialiser: one constant of this type. Gives it where the type is i32, unsigned. */
function readConstant(reader: ModuleReader, type: ValueType): number {
  const start = reader.at;
  const code = reader.byte();
  const prefixed = code === 0xfd ? reader.number() : undefined;
  const found =
    prefixed === undefined ? CONSTANTS.get(code) : prefixed === 0x0c ? VALUE_TYPE.v128 : undefined;
  if (found === undefined) {
    const spelt = prefixed === undefined ? hex(code) : `${hex(code)} ${hex(prefixed)}`;
    reader.refuse('an operator that initialisers may not use', 'a constant', spelt, start);
  }
  if (found !== type) {
    reader.refuse('an initialiser of the wrong type', spellType(type), spellType(found), start);
  }
  const value = found === VALUE_TYPE.i32 ? reader.signed(32) >>> 0 : 0;
  if (found === VALUE_TYPE.i64) reader.signed(64);
  if (found === VALUE_TYPE.f32) reader.take(4);
  if (found === VALUE_TYPE.f64) reader.take(8);
  if (found === VALUE_TYPE.v128) reader.take(16);
  if (reader.byte() !== END)
    reader.refuse('an initialiser of more than one constant', undefined, undefined, start);
  return value;
}

const CONSTANTS: ReadonlyMap<number, ValueType> = new Map([
  [0x41, VALUE_TYPE.i32],
  [0x42, VALUE_TYPE.i64],
  [0x43, VALUE_TYPE.f32],
  [0x44, VALUE_TYPE.f64],
]);
