// A module's outline: its sections in their order, every count bounded before anything is kept, every entry read to its last byte.
import { CARD_SECTION } from './abi.ts';
import { type CardFacts, readCard } from './card-section.ts';
import {
  MAX_CUSTOM_SECTIONS,
  MAX_EXPORTS,
  MAX_FUNCTION_BYTES,
  MAX_FUNCTIONS,
  MAX_GLOBALS,
  MAX_NAME_BYTES,
  MAX_SEGMENTS,
  MAX_TYPES,
} from './limits.ts';
import { ModuleReader } from './reader.ts';
import {
  type Export,
  type Global,
  type MemoryPages,
  readData,
  readElements,
  readExport,
  readGlobal,
  readMemory,
  readTable,
  readType,
  refuseImport,
} from './section-entries.ts';
import type { FunctionType } from './value-type.ts';

/** Bytes `start` to `end` of a function, its locals first. */
export interface Body {
  readonly start: number;
  readonly end: number;
}

export interface Outline {
  readonly types: readonly FunctionType[];
  /** The type's index of each function. */
  readonly functions: readonly number[];
  /** Entries of the table, if there is one. */
  readonly tables: readonly number[];
  readonly memory: MemoryPages;
  readonly globals: readonly Global[];
  readonly exports: ReadonlyMap<string, Export>;
  /** Undefined without a section of the data's count. */
  readonly dataCount: number | undefined;
  /** One for each function. */
  readonly bodies: readonly Body[];
  readonly card: CardFacts | undefined;
}

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

const SECTION = {
  custom: 0, type: 1, import: 2, function: 3, table: 4, memory: 5, global: 6, export: 7, start: 8, element: 9,
  code: 10, data: 11, dataCount: 12,
} as const; // biome-ignore format: a table
const SECTION_NAMES: readonly string[] = Object.keys(SECTION);

/** The order in which sections must stand; each at most once. */
const ORDER: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 9, 12, 10, 11];

/** The caps on how many entries a section holds; a count of data has none. */
const ENTRY_CAPS: ReadonlyMap<number, number> = new Map([
  [SECTION.type, MAX_TYPES],
  [SECTION.import, Number.POSITIVE_INFINITY],
  [SECTION.function, MAX_FUNCTIONS],
  [SECTION.table, 1],
  [SECTION.memory, 1],
  [SECTION.global, MAX_GLOBALS],
  [SECTION.export, MAX_EXPORTS],
  [SECTION.element, MAX_SEGMENTS],
  [SECTION.code, MAX_FUNCTIONS],
  [SECTION.data, MAX_SEGMENTS],
]);

/**
 * Reads everything but the functions' operators. Throws `plugin/invalid` on a wrong header, an unknown, doubled or misplaced
 * section, bytes left in one, a broken cap, an import, a start function, or an index of what is not there.
 */
export function readOutline(name: string, bytes: Uint8Array): Outline {
  return new OutlineReader(name, bytes).read();
}

class OutlineReader {
  readonly #reader: ModuleReader;
  readonly #types: FunctionType[] = [];
  readonly #functions: number[] = [];
  readonly #tables: number[] = [];
  #memory: MemoryPages | undefined;
  readonly #globals: Global[] = [];
  readonly #exports = new Map<string, Export>();
  #dataCount: number | undefined;
  #segments = 0;
  readonly #bodies: Body[] = [];
  #card: CardFacts | undefined;
  #customs = 0;
  #place = -1;

  constructor(name: string, bytes: Uint8Array) {
    this.#reader = new ModuleReader(name, bytes);
  }

  read(): Outline {
    const reader = this.#reader;
    const size = reader.bytes.length;
    const wrong = HEADER.findIndex((byte, at) => reader.bytes[at] !== byte);
    if (wrong >= 0) reader.refuse('not a WebAssembly module of version 1', undefined, undefined, wrong);
    reader.at = HEADER.length;
    while (reader.at < size) {
      this.#section();
      reader.end = size;
    }
    const memory = this.#memory ?? reader.refuse('the module has no memory', 'exactly one');
    this.#sameCount('function bodies', this.#functions.length, this.#bodies.length);
    if (this.#dataCount !== undefined) this.#sameCount('data segments', this.#dataCount, this.#segments);
    return {
      types: this.#types,
      functions: this.#functions,
      tables: this.#tables,
      memory,
      globals: this.#globals,
      exports: this.#exports,
      dataCount: this.#dataCount,
      bodies: this.#bodies,
      card: this.#card,
    };
  }

  #sameCount(noun: string, declared: number, found: number): void {
    if (declared !== found) {
      this.#reader.refuse(`${noun} are missing or too many`, String(declared), String(found));
    }
  }

  #section(): void {
    const reader = this.#reader;
    const start = reader.at;
    const id = reader.byte();
    const size = reader.number();
    const end = reader.at + size;
    if (end > reader.end)
      reader.refuse('a section runs past the end of the module', undefined, undefined, start);
    reader.end = end;
    if (id === SECTION.custom) {
      this.#custom(start);
      return;
    }
    if (id === SECTION.start) reader.refuse('a start function is not allowed', undefined, undefined, start);
    const place = ORDER.indexOf(id);
    if (place < 0) reader.refuse('a section that plugins may not have', 'ids 1 to 12', String(id), start);
    if (place <= this.#place)
      reader.refuse(
        `the ${SECTION_NAMES[id]} section is doubled or out of order`,
        undefined,
        undefined,
        start,
      );
    this.#place = place;

    if (id === SECTION.dataCount) {
      this.#dataCount = reader.capped(MAX_SEGMENTS, 'data segments');
    } else {
      for (let left = reader.capped(ENTRY_CAPS.get(id)!, `${SECTION_NAMES[id]} entries`); left > 0; left--) {
        this.#entry(id, end);
      }
    }
    if (reader.at !== end) reader.refuse('bytes after the last entry of a section');
  }

  /** A custom section says nothing to a plugin's host, except the card's. */
  #custom(start: number): void {
    const reader = this.#reader;
    if (++this.#customs > MAX_CUSTOM_SECTIONS) {
      reader.refuse('too many custom sections', `at most ${MAX_CUSTOM_SECTIONS}`, undefined, start);
    }
    const title = reader.words(MAX_NAME_BYTES);
    const byte = reader.at;
    const content = reader.take(reader.end - byte);
    if (title !== CARD_SECTION) return;
    if (this.#card !== undefined)
      reader.refuse(`section ${CARD_SECTION} is doubled`, undefined, undefined, start);
    this.#card = readCard(reader.name, byte, content);
  }

  #entry(id: number, sectionEnd: number): void {
    const reader = this.#reader;
    switch (id) {
      case SECTION.type:
        this.#types.push(readType(reader));
        return;
      case SECTION.import:
        refuseImport(reader);
        return;
      case SECTION.function: {
        const at = reader.at;
        const type = reader.number();
        if (type >= this.#types.length) {
          reader.refuse('a function has no type', `below ${this.#types.length}`, String(type), at);
        }
        this.#functions.push(type);
        return;
      }
      case SECTION.table:
        this.#tables.push(readTable(reader));
        return;
      case SECTION.memory:
        this.#memory = readMemory(reader);
        return;
      case SECTION.global:
        this.#globals.push(readGlobal(reader));
        return;
      case SECTION.export:
        this.#export();
        return;
      case SECTION.element:
        readElements(reader, this.#tables[0], this.#functions.length);
        return;
      case SECTION.code:
        this.#body(sectionEnd);
        return;
      case SECTION.data:
        this.#segments++;
        readData(reader, this.#memory);
        return;
    }
  }

  #export(): void {
    const reader = this.#reader;
    const found = readExport(reader, {
      function: this.#functions.length,
      table: this.#tables.length,
      memory: this.#memory === undefined ? 0 : 1,
      global: this.#globals.length,
    });
    if (this.#exports.has(found.name))
      reader.refuse(`export ${found.name} is doubled`, undefined, undefined, found.byte);
    this.#exports.set(found.name, found);
  }

  #body(sectionEnd: number): void {
    const reader = this.#reader;
    const at = reader.at;
    const size = reader.number();
    if (size > MAX_FUNCTION_BYTES) {
      reader.refuse('a function is too long', `at most ${MAX_FUNCTION_BYTES} bytes`, String(size), at);
    }
    const start = reader.at;
    reader.at += size;
    if (reader.at > sectionEnd) reader.refuse('a function runs past its section', undefined, undefined, at);
    this.#bodies.push({ start, end: reader.at });
  }
}
