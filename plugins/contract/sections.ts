// A module's outline: its sections, types, memory and function sizes, read with every count bounded before anything is
// allocated. wasmparser trusts the counts in a file, so this runs first.

import { CARD_SECTION } from './abi.ts';
import { type CardFacts, readCard } from './card-section.ts';
import {
  MAX_CUSTOM_SECTIONS,
  MAX_EXPORTS,
  MAX_FUNCTION_BYTES,
  MAX_FUNCTIONS,
  MAX_GLOBALS,
  MAX_LOCALS,
  MAX_NAME_BYTES,
  MAX_PARAMETERS,
  MAX_SEGMENTS,
  MAX_TYPES,
} from './limits.ts';
import { hex, ModuleReader, refuse } from './reader.ts';

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface MemoryPages {
  readonly minimum: number;
  readonly maximum: number;
}

export interface Outline {
  readonly types: readonly FunctionType[];
  /** The type's index of each function. */
  readonly functions: readonly number[];
  readonly memory: MemoryPages;
  readonly card?: CardFacts;
}

const VALUE_TYPES: ReadonlyMap<number, ValueType> = new Map([
  [0x7f, 'i32'],
  [0x7e, 'i64'],
  [0x7d, 'f32'],
  [0x7c, 'f64'],
  [0x7b, 'v128'],
]);

const SECTION = {
  custom: 0, type: 1, import: 2, function: 3, table: 4, memory: 5, global: 6, export: 7, start: 8, element: 9,
  code: 10, data: 11, dataCount: 12,
} as const; // biome-ignore format: a table

/** The order in which sections must stand; each at most once. */
const ORDER: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];

/** Sections that are read to their last byte here; wasmparser reads the others. */
const WALKED: ReadonlySet<number> = new Set([
  SECTION.type, SECTION.function, SECTION.memory, SECTION.code, SECTION.dataCount,
]); // biome-ignore format: a table

/** The caps on how many entries a section holds. */
const ENTRY_CAPS: ReadonlyMap<number, number> = new Map([
  [SECTION.type, MAX_TYPES],
  [SECTION.function, MAX_FUNCTIONS],
  [SECTION.table, 1],
  [SECTION.memory, 1],
  [SECTION.global, MAX_GLOBALS],
  [SECTION.export, MAX_EXPORTS],
  [SECTION.element, MAX_SEGMENTS],
  [SECTION.code, MAX_FUNCTIONS],
  [SECTION.data, MAX_SEGMENTS],
]);

/** Walks the sections. Throws `plugin/invalid` on a wrong header, an unknown, doubled or misplaced section, or a broken cap. */
export function readOutline(name: string, bytes: Uint8Array): Outline {
  const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const wrong = magic.findIndex((byte, at) => bytes[at] !== byte);
  if (wrong >= 0) refuse(name, wrong, 'not a WebAssembly module of version 1');

  const types: FunctionType[] = [];
  const functions: number[] = [];
  let memory: MemoryPages | undefined;
  let bodies = 0;
  let last = -1;
  let customs = 0;
  let card: CardFacts | undefined;
  const cursor = new ModuleReader(name, bytes, magic.length, bytes.length);
  while (cursor.at < bytes.length) {
    const start = cursor.at;
    cursor.end = bytes.length;
    const id = cursor.byte();
    const size = cursor.number();
    const end = cursor.at + size;
    if (end > bytes.length) refuse(name, start, 'a section runs past the end of the module');
    cursor.end = end;
    if (id === SECTION.custom) {
      if (++customs > MAX_CUSTOM_SECTIONS) {
        refuse(name, start, 'too many custom sections', `at most ${MAX_CUSTOM_SECTIONS}`);
      }
      if (cursor.words(MAX_NAME_BYTES) === CARD_SECTION) {
        if (card !== undefined) refuse(name, start, `section ${CARD_SECTION} is doubled`);
        card = readCard(name, cursor.at, cursor.take(end - cursor.at));
      }
      cursor.at = end;
      continue;
    }
    if (id === SECTION.start) refuse(name, start, 'a start function is not allowed');
    const place = ORDER.indexOf(id);
    if (place < 0) refuse(name, start, 'a section that plugins may not have', 'ids 1 to 12', String(id));
    if (place <= last) refuse(name, start, 'a section is doubled or out of order');
    last = place;

    const cap = ENTRY_CAPS.get(id);
    const count = cap === undefined ? 0 : cursor.capped(cap, sectionNoun(id));
    if (id === SECTION.type) for (let i = 0; i < count; i++) types.push(readType(cursor));
    if (id === SECTION.function) for (let i = 0; i < count; i++) functions.push(cursor.number());
    if (id === SECTION.memory && count === 1) memory = readMemory(cursor);
    if (id === SECTION.code) {
      bodies = count;
      for (let i = 0; i < count; i++) checkBody(cursor, end);
    }
    if (id === SECTION.dataCount) cursor.number();
    if (WALKED.has(id) && cursor.at !== end)
      refuse(name, cursor.at, 'bytes after the last entry of a section');
    cursor.at = end;
  }
  if (memory === undefined) refuse(name, bytes.length, 'the module has no memory', 'exactly one');
  if (bodies !== functions.length) {
    refuse(name, bytes.length, 'function bodies are missing', String(functions.length), String(bodies));
  }
  const untyped = functions.findIndex((type) => type >= types.length);
  if (untyped >= 0) refuse(name, bytes.length, `function ${untyped} has no type`);
  return { types, functions, memory, ...(card === undefined ? {} : { card }) };
}

function valueType(reader: ModuleReader): ValueType {
  const code = reader.byte();
  const type = VALUE_TYPES.get(code);
  if (type === undefined) {
    reader.refuse('a type that plugins may not use', 'i32, i64, f32, f64 or v128', hex(code), reader.at - 1);
  }
  return type;
}

function sectionNoun(id: number): string {
  const found = Object.entries(SECTION).find(([, number]) => number === id);
  return `${found?.[0] ?? 'section'} entries`;
}

function readType(cursor: ModuleReader): FunctionType {
  const form = cursor.byte();
  if (form !== 0x60) refuse(cursor.name, cursor.at - 1, 'a type that is no function type', '0x60', hex(form));
  const read = (what: string): ValueType[] => {
    const list: ValueType[] = [];
    for (let left = cursor.capped(MAX_PARAMETERS, what); left > 0; left--) list.push(valueType(cursor));
    return list;
  };
  const parameters = read('parameters');
  return { parameters, results: read('results') };
}

function readMemory(cursor: ModuleReader): MemoryPages {
  const at = cursor.at;
  const flags = cursor.byte();
  if (flags === 0)
    refuse(cursor.name, at, 'the memory declares no maximum', 'one, so that it cannot grow for ever');
  if (flags !== 1) refuse(cursor.name, at, 'the memory is shared or 64-bit', 'flags 1', String(flags));
  return { minimum: cursor.number(), maximum: cursor.number() };
}

function checkBody(cursor: ModuleReader, sectionEnd: number): void {
  const start = cursor.at;
  const size = cursor.number();
  const end = cursor.at + size;
  if (end > sectionEnd) refuse(cursor.name, start, 'a function runs past its section');
  if (size > MAX_FUNCTION_BYTES) {
    refuse(cursor.name, start, 'a function is too long', `at most ${MAX_FUNCTION_BYTES} bytes`, String(size));
  }
  cursor.end = end;
  let locals = 0;
  for (let groups = cursor.capped(MAX_LOCALS, 'groups of locals'); groups > 0; groups--) {
    const at = cursor.at;
    locals += cursor.number();
    if (locals > MAX_LOCALS)
      refuse(cursor.name, at, 'too many locals', `at most ${MAX_LOCALS}`, String(locals));
    valueType(cursor);
  }
  cursor.at = end;
  cursor.end = sectionEnd;
}
