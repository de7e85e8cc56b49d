// Hostile bytes: modules that are not what the binary format says, or that say one thing twice.
import {
  assemble,
  bareSections,
  bareWith,
  bareWithBody,
  custom,
  I32,
  leb,
  list,
  type Section,
  sized,
  word,
} from '../module-bytes.ts';
import type { HostileEntry } from './entry.ts';

const HUGE = [0xff, 0xff, 0xff, 0xff, 0x0f];
const DIGEST = Array.from({ length: 32 }, () => 7);

/** The bare plugin's sections in another order or number. */
function rearranged(change: (sections: Section[]) => Section[]): Uint8Array<ArrayBuffer> {
  return assemble(change(bareSections()));
}

const bare = (): Uint8Array<ArrayBuffer> => assemble(bareSections());

/** The code section's content, changed. */
function withCode(change: (code: number[]) => number[]): Uint8Array<ArrayBuffer> {
  const code = bareSections().find(({ id }) => id === 10)!;
  return bareWith({ id: 10, content: change([...code.content]) });
}

export const MALFORMED: readonly HostileEntry[] = [
  {
    name: 'component',
    tries: 'to be a component instead of a core module',
    module: () => Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, ...bare().subarray(8)),
    must: { refused: 'at byte 4: not a WebAssembly module of version 1' },
  },
  {
    name: 'empty',
    tries: 'to be nothing at all',
    module: () => new Uint8Array(),
    must: { refused: 'at byte 0: not a WebAssembly module' },
  },
  {
    name: 'cut',
    tries: 'to end in the middle of its last function',
    module: () => bare().slice(0, -2),
    must: { refused: 'a section runs past the end of the module' },
  },
  {
    name: 'trailing-bytes',
    tries: 'to hide bytes after the last section',
    module: () => assemble(bareSections(), [0x0a]),
    must: { refused: 'the module ends in the middle of an entry' },
  },
  {
    name: 'second-module',
    tries: 'to hide a second module behind the first',
    module: () => Uint8Array.of(...bare(), ...bare()),
    must: { refused: 'runs past its end' },
  },
  {
    name: 'doubled-section',
    tries: 'to give every function a second type',
    module: () => rearranged((all) => [...all.slice(0, 2), all[1]!, ...all.slice(2)]),
    must: { refused: 'the function section is doubled or out of order' },
  },
  {
    name: 'misplaced-section',
    tries: 'to declare its memory after its code',
    module: () => rearranged((all) => [...all.filter(({ id }) => id !== 5), all[2]!]),
    must: { refused: 'a memory that is not there' },
  },
  {
    name: 'exports-last',
    tries: 'to export after its code',
    module: () => rearranged((all) => [...all.filter(({ id }) => id !== 7), all[3]!]),
    must: { refused: 'the export section is doubled or out of order' },
  },
  {
    name: 'unknown-section',
    tries: 'to bring a section of a proposal to come',
    module: () => bareWith({ id: 14, content: [0] }),
    must: { refused: 'a section that plugins may not have; expected ids 1 to 12, found 14' },
  },
  {
    name: 'bytes-in-section',
    tries: 'to hide bytes after the entries of a section',
    module: () => withCode((code) => [...code, 0]),
    must: { refused: 'bytes after the last entry of a section' },
  },
  {
    name: 'endless-count',
    tries: 'to make a reader set aside room for 4 billion types',
    module: () => bareWith({ id: 1, content: [...HUGE, 0x60] }),
    must: { refused: 'too many type entries; expected at most 1000, found 4294967295' },
  },
  {
    name: 'endless-number',
    tries: 'to make a reader follow a number without end',
    module: () => bareWith({ id: 1, content: Array.from({ length: 1000 }, () => 0x80) }),
    must: { refused: 'a number does not fit in 32 bits' },
  },
  {
    name: 'number-of-33-bits',
    tries: 'to have a number read differently by readers that forget the bits beyond the 32nd',
    module: () => bareWith({ id: 3, content: [0x85, 0x80, 0x80, 0x80, 0x10, 0, 1, 2, 3, 4] }),
    must: { refused: 'a number does not fit in 32 bits' },
  },
  {
    name: 'unused-bits',
    tries: 'to set the unused bits of a constant',
    module: () => bareWithBody([0, 0x41, 0x80, 0x80, 0x80, 0x80, 0x70, 0x0b]),
    must: { refused: 'a number does not fit in 32 bits' },
  },
  {
    name: 'custom-bomb',
    tries: 'to keep readers busy with a hundred thousand custom sections',
    module: () => assemble(bareSections(), Array.from({ length: 100_000 }, () => [0, 1, 0]).flat()),
    must: { refused: 'too many custom sections; expected at most 100' },
  },
  {
    name: 'custom-name',
    tries: 'to name a custom section in bytes that are not UTF-8',
    module: () => assemble([...bareSections(), { id: 0, content: [2, 0xff, 0xfe] }]),
    must: { refused: 'a name that is not UTF-8' },
  },
  {
    name: 'export-name-bomb',
    tries: 'to export a name of a megabyte',
    module: () => bareWith({ id: 7, content: list([[...word('a'.repeat(1_000_000)), 0, 0]]) }),
    must: { refused: 'a name is too long; expected at most 1000 bytes, found 1000000' },
  },
  {
    name: 'export-name-bytes',
    tries: 'to export a name that is not UTF-8',
    module: () => bareWith({ id: 7, content: list([[2, 0xc3, 0x28, 0, 0]]) }),
    must: { refused: 'a name that is not UTF-8' },
  },
  {
    name: 'doubled-export',
    tries: 'to have one function checked and another of the same name called',
    module: () => {
      const { content } = bareSections().find(({ id }) => id === 7)!;
      return bareWith({ id: 7, content: [7, ...content.slice(1), ...word('tincture_apply'), 0, 4] });
    },
    must: { refused: 'export tincture_apply is doubled' },
  },
  {
    name: 'export-of-nothing',
    tries: 'to export a function that it does not have',
    module: () => bareWith({ id: 7, content: list([[...word('tincture_apply'), 0, 99]]) }),
    must: { refused: 'export tincture_apply: a function that is not there; expected below 5, found 99' },
  },
  {
    name: 'missing-bodies',
    tries: 'to declare functions and bring no code',
    module: () => rearranged((all) => all.filter(({ id }) => id !== 10)),
    must: { refused: 'function bodies are missing or too many; expected 5, found 0' },
  },
  {
    name: 'body-past-section',
    tries: 'to let its last function reach into what follows',
    module: () => withCode((code) => [...code.slice(0, -5), 0x7f, ...code.slice(-4)]),
    must: { refused: 'a function runs past its section' },
  },
  {
    name: 'bytes-after-end',
    tries: 'to hide operators after the end of a function',
    module: () => bareWithBody([0, 0x41, 0, 0x0b, 0x01]),
    must: { refused: 'function 4: bytes after its end' },
  },
  {
    name: 'no-end',
    tries: 'to leave a function without its end',
    module: () => bareWithBody([0, 0x41, 0, 0x01]),
    must: { refused: 'the module ends in the middle of an entry' },
  },
  {
    name: 'false-data-count',
    tries: 'to announce data that never comes',
    module: () => bareWith({ id: 12, content: [3] }),
    must: { refused: 'data segments are missing or too many; expected 3, found 0' },
  },
  {
    name: 'operator-in-disguise',
    tries: 'to pass a vector operator of a huge number for one that is known',
    module: () => bareWithBody([0, 0xfc, ...leb(0x10_0000), 0x0b]),
    must: { refused: 'an operator that plugins may not use' },
  },
  {
    name: 'two-cards',
    tries: 'to belong to two styles',
    module: () =>
      assemble([
        ...bareSections(),
        custom('tincture.card', [1, 0, 0, 0, ...DIGEST]),
        custom('tincture.card', [1, 0, 0, 0, ...DIGEST]),
      ]),
    must: { refused: 'section tincture.card is doubled' },
  },
  {
    name: 'card-of-the-future',
    tries: 'to bring a card of an ABI that this host does not know',
    module: () => assemble([...bareSections(), custom('tincture.card', [9, 0, 0, 0, ...DIGEST])]),
    must: { refused: 'section tincture.card is of another ABI; expected version 1, found 9' },
  },
  {
    name: 'table-of-anything',
    tries: "to hold the page's objects in a table",
    module: () => bareWith({ id: 4, content: [1, 0x6f, 0, 1] }),
    must: { refused: 'a table of what plugins may not use; expected funcref, found 0x6f' },
  },
  {
    name: 'custom-page-size',
    tries: 'to count its memory in pages of one byte',
    module: () => bareWith({ id: 5, content: [1, 0x09, 1, 4, 0] }),
    must: { refused: 'the memory is shared, 64-bit or has pages of its own; expected flags 1, found 9' },
  },
  {
    name: 'struct-type',
    tries: 'to use garbage-collected structures',
    module: () => bareWith({ id: 1, content: [1, 0x5f, 1, I32, 0] }),
    must: { refused: 'a type that is no function type; expected 0x60, found 0x5f' },
  },
  {
    name: 'recursive-types',
    tries: 'to use recursive types',
    module: () => bareWith({ id: 1, content: [1, 0x4e, ...sized([])] }),
    must: { refused: 'a type that is no function type; expected 0x60, found 0x4e' },
  },
];
