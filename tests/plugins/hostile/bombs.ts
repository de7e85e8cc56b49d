// Hostile modules that are too much of something: of memory, tables, functions, locals, types, data, depth.

import {
  assemble,
  bareSections,
  bareWith,
  bareWithBody,
  functionType,
  I32,
  leb,
  list,
  sized,
} from '../module-bytes.ts';
import { moduleText } from '../module-text.ts';
import type { HostileEntry } from './entry.ts';

const more = (field: string): string => moduleText({ more: field });
const many = (count: number, ...bytes: readonly number[]): number[] =>
  Array.from({ length: count }, () => bytes).flat();
const ZERO = [0x41, 0];

export const BOMBS: readonly HostileEntry[] = [
  {
    name: 'memory-of-4-gib',
    tries: 'to take 4 GiB at once',
    module: moduleText({ memory: '65536 65536' }),
    must: { refused: 'memory may grow too large; expected a declared maximum of at most', kind: 'memory' },
  },
  {
    name: 'memory-above-the-limit',
    tries: 'to be allowed one page more than the limit',
    module: moduleText({ memory: '1 8193' }),
    must: { refused: "the module's memory may grow too large", kind: 'memory' },
  },
  {
    name: 'memory-above-the-grant',
    tries: 'to be allowed more than this host grants',
    module: moduleText({ memory: '1 17' }),
    limits: { memoryBytes: 1024 * 1024 },
    must: { refused: 'at most 1048576 bytes, found 65536 to 1114112', kind: 'memory' },
  },
  {
    name: 'memory-without-maximum',
    tries: 'to grow without end',
    module: moduleText({ memory: '1' }),
    must: { refused: 'the memory declares no maximum' },
  },
  {
    name: 'memory-upside-down',
    tries: 'to begin with more memory than it may have',
    module: moduleText({ memory: '5 4' }),
    must: { refused: "the module's memory may grow too large", kind: 'memory' },
  },
  {
    name: 'table-bomb',
    tries: 'to take a table of ten million entries',
    module: more('(table 10000000 funcref)'),
    must: { refused: 'the table is too large; expected at most 10000 entries, found 10000000' },
  },
  {
    name: 'table-maximum',
    tries: 'to be allowed a table of 4 billion entries',
    module: more('(table 1 4294967295 funcref)'),
    must: { refused: "the table's maximum is impossible" },
  },
  {
    name: 'two-tables',
    tries: 'to keep a second table',
    module: more('(table 1 funcref) (table 1 funcref)'),
    must: { refused: 'too many table entries; expected at most 1, found 2' },
  },
  {
    name: 'local-bomb',
    tries: 'to have 4 billion locals in one group',
    module: () => bareWithBody([1, 0xff, 0xff, 0xff, 0xff, 0x0f, I32, ...ZERO, 0x0b]),
    must: { refused: 'too many locals; expected at most 2000, found 4294967295' },
  },
  {
    name: 'local-groups',
    tries: 'to have 50 000 locals in groups of one',
    module: () => bareWithBody([...leb(50_000), ...many(50_000, 1, I32), ...ZERO, 0x0b]),
    must: { refused: 'too many groups of locals; expected at most 2000, found 50000' },
  },
  {
    name: 'long-function',
    tries: 'to keep an optimising compiler busy with one function of 300 KiB',
    module: () => bareWithBody([0, ...many(300 * 1024, 0x01), ...ZERO, 0x0b]),
    must: { refused: 'a function is too long; expected at most 262144 bytes' },
  },
  {
    name: 'function-bomb',
    tries: 'to have twenty thousand functions',
    module: () => bareWith({ id: 3, content: [...leb(20_000), ...many(20_000, 0)] }),
    must: { refused: 'too many function entries; expected at most 10000, found 20000' },
  },
  {
    name: 'type-bomb',
    tries: 'to have a hundred thousand types',
    module: () => bareWith({ id: 1, content: [...leb(100_000), ...many(100_000, 0x60, 0, 0)] }),
    must: { refused: 'too many type entries; expected at most 1000, found 100000' },
  },
  {
    name: 'parameter-bomb',
    tries: 'to have a function of a thousand parameters',
    module: () => bareWith({ id: 1, content: list([functionType(many(1000, I32), [])]) }),
    must: { refused: 'too many parameters; expected at most 100, found 1000' },
  },
  {
    name: 'result-bomb',
    tries: 'to have a function of a thousand results',
    module: () => bareWith({ id: 1, content: list([functionType([], many(1000, I32))]) }),
    must: { refused: 'too many results; expected at most 100, found 1000' },
  },
  {
    name: 'global-bomb',
    tries: 'to have five thousand globals',
    module: () => bareWith({ id: 6, content: [...leb(5_000), ...many(5_000, I32, 0, 0x41, 0, 0x0b)] }),
    must: { refused: 'too many global entries; expected at most 1000, found 5000' },
  },
  {
    name: 'export-bomb',
    tries: 'to export five thousand names',
    module: () => bareWith({ id: 7, content: [...leb(5_000), 1, 0x61, 0, 0] }),
    must: { refused: 'too many export entries; expected at most 100, found 5000' },
  },
  {
    name: 'data-bomb',
    tries: 'to have a hundred thousand data segments',
    module: () => bareWith({ id: 11, content: [...leb(100_000), ...many(100_000, 1, 0)] }),
    must: { refused: 'too many data entries; expected at most 10000, found 100000' },
  },
  {
    name: 'data-count-bomb',
    tries: 'to announce 4 billion data segments',
    module: () => bareWith({ id: 12, content: [0xff, 0xff, 0xff, 0xff, 0x0f] }),
    must: { refused: 'too many data segments; expected at most 10000, found 4294967295' },
  },
  {
    name: 'module-bomb',
    tries: 'to be a module of 5 MiB, all of it data',
    module: () => {
      const whole = new Uint8Array(5 * 1024 * 1024);
      whole.set(assemble(bareSections()));
      return whole;
    },
    must: { refused: 'the module is too large; expected at most 4194304 bytes, found 5242880' },
  },
  {
    name: 'block-bomb',
    tries: 'to overflow the stack of a compiler by eighty thousand blocks within each other',
    module: () => bareWithBody([0, ...many(80_000, 0x02, 0x40), ...many(80_000, 0x0b), ...ZERO, 0x0b]),
    must: { refused: 'function 4: blocks are nested too deep; expected at most 1000' },
  },
  {
    name: 'operand-bomb',
    tries: 'to overflow the stack of a compiler by an expression fifty thousand operands deep',
    module: () => bareWithBody([0, ...many(50_000, ...ZERO), ...many(49_999, 0x6a), 0x0b]),
    must: { refused: 'function 4: too many operands; expected at most 2000' },
  },
  {
    name: 'branch-bomb',
    tries: 'to have a branch of two hundred thousand targets',
    module: () =>
      bareWithBody([0, 0x02, 0x40, ...ZERO, 0x0e, ...leb(200_000), ...many(200_001, 0), 0x0b, ...ZERO, 0x0b]),
    must: { refused: 'too many targets of a branch; expected at most 10000, found 200000' },
  },
  {
    name: 'data-outside',
    tries: 'to place its data past the end of its memory',
    module: more('(data (i32.const 65535) "ab")'),
    must: { refused: 'a data segment reaches outside the memory; expected 65536 bytes, found 2 at 65535' },
  },
  {
    name: 'data-far-outside',
    tries: 'to place its data where a signed reader sees a place before the memory',
    module: more('(data (i32.const -1) "a")'),
    must: { refused: 'expected 65536 bytes, found 1 at 4294967295' },
  },
  {
    name: 'elements-outside',
    tries: 'to place its functions past the end of its table',
    module: more('(table 2 funcref) (elem (i32.const 1) 0 1)'),
    must: { refused: 'an element segment reaches outside the table; expected 2 entries, found 2 at 1' },
  },
  {
    name: 'element-bomb',
    tries: 'to have 4 billion elements in a segment',
    module: () => {
      const elements = list([[0, 0x41, 0, 0x0b, 0xff, 0xff, 0xff, 0xff, 0x0f]]);
      const sections = bareSections();
      return assemble([
        ...sections.slice(0, 2),
        { id: 4, content: [1, 0x70, 0, 1] },
        ...sections.slice(2, 4),
        { id: 9, content: elements },
        ...sections.slice(4),
      ]);
    },
    must: {
      refused: 'an element segment reaches outside the table; expected 1 entries, found 4294967295 at 0',
    },
  },
  {
    name: 'overlapping-data',
    tries: 'to write one place of its memory many times before it runs',
    module: more('(data (i32.const 0) "abc") '.repeat(5_000)),
    must: 'nothing',
  },
  {
    name: 'as-much-as-allowed',
    tries: 'to be as much code as is allowed, so that compiling takes as long as it can',
    module: () => {
      const empty = [0, 0x0b];
      const zero = [0, ...ZERO, 0x0b];
      const body = [0, ...many(50_000, ...ZERO, 0x1a, 0x01, 0x01), 0x0b];
      const extra = Array.from({ length: 15 }, () => body);
      const sections = bareSections().map((section) => {
        if (section.id === 3)
          return { id: 3, content: [...leb(5 + extra.length), 0, 1, 2, 3, 4, ...many(extra.length, 0)] };
        if (section.id === 10)
          return { id: 10, content: list([empty, zero, empty, zero, zero, ...extra].map(sized)) };
        return section;
      });
      return assemble(sections);
    },
    // It compiles; the bare plugin then has no memory to give.
    must: { fails: 'apply', kind: 'memory', says: 'do not fit' },
  },
];
