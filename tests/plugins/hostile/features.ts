// Hostile modules that use what plugins may not: imports, start functions, other memories, proposals beyond WebAssembly 2.0.
import { moduleText } from '../module-text.ts';
import type { HostileEntry } from './entry.ts';

const importing = (what: string): string =>
  moduleText().replace('(module', `(module (import "env" "it" ${what})`);
const more = (field: string): string => moduleText({ more: field });

export const FEATURES: readonly HostileEntry[] = [
  {
    name: 'import-function',
    tries: 'to be handed a clock',
    module: importing('(func (result f64))'),
    must: { refused: 'plugins may not import anything; expected no imports, found function env.it' },
  },
  {
    name: 'import-memory',
    tries: 'to share a memory with others',
    module: importing('(memory 1 4)'),
    must: { refused: 'found memory env.it' },
  },
  {
    name: 'import-table',
    tries: "to be handed the host's functions in a table",
    module: importing('(table 1 funcref)'),
    must: { refused: 'found table env.it' },
  },
  {
    name: 'import-global',
    tries: 'to be handed a value that the host changes',
    module: importing('(global (mut i32))'),
    must: { refused: 'found global env.it' },
  },
  {
    name: 'import-tag',
    tries: "to catch the host's exceptions",
    module: importing('(tag)'),
    must: { refused: 'found tag env.it' },
  },
  {
    name: 'start-loop',
    tries: 'to run for ever before its first call, in a start function',
    module: more('(func $first (loop $again (br $again))) (start $first)'),
    must: { refused: 'a start function is not allowed' },
  },
  {
    name: 'shared-memory',
    tries: 'to time itself by a second thread that counts in shared memory',
    module: moduleText({ memory: '1 4 shared' }),
    must: { refused: 'the memory is shared, 64-bit' },
  },
  {
    name: 'memory64',
    tries: 'to address more than 4 GiB',
    module: moduleText({ memory: 'i64 1 4' }),
    must: { refused: 'the memory is shared, 64-bit' },
  },
  {
    name: 'two-memories',
    tries: 'to keep a second memory that nobody counts',
    module: more('(memory 1 100)'),
    must: { refused: 'too many memory entries; expected at most 1, found 2' },
  },
  {
    name: 'atomics',
    tries: 'to wait on an atomic for ever',
    module: more('(func (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))'),
    must: { refused: 'an operator that plugins may not use; found 0xfe' },
  },
  {
    name: 'exceptions',
    tries: 'to swallow its own traps',
    module: more('(func (try (do) (catch_all)))'),
    must: { refused: 'an operator that plugins may not use; found 0x6' },
  },
  {
    name: 'tag',
    tries: 'to throw an exception into the host',
    module: more('(tag $t) (func (throw $t))'),
    must: { refused: 'a section that plugins may not have; expected ids 1 to 12, found 13' },
  },
  {
    name: 'tail-call',
    tries: 'to loop for ever by tail calls, past a count of loops',
    module: more('(func $f (return_call $f))'),
    must: { refused: 'an operator that plugins may not use; found 0x12' },
  },
  {
    name: 'external-reference',
    tries: "to hold one of the page's objects",
    module: more('(func (param externref))'),
    must: { refused: 'a type that plugins may not use; expected i32, i64, f32, f64 or v128, found 0x6f' },
  },
  {
    name: 'table-grow',
    tries: 'to grow its table without end',
    module: more('(table 1 funcref) (func (drop (table.grow 0 (ref.null func) (i32.const 100000))))'),
    must: { refused: 'an operator that plugins may not use; found 0xd0' },
  },
  {
    name: 'passive-elements',
    tries: 'to change its table while it runs',
    module: more('(table 1 funcref) (elem func) (func)'),
    must: { refused: 'an element segment that is not a placed list of functions' },
  },
  {
    name: 'computed-offset',
    tries: 'to compute where its data goes, so that no reader knows',
    module: more('(data (i32.add (i32.const 65536) (i32.const 1)) "a")'),
    must: { refused: 'an initialiser of more than one constant' },
  },
  {
    name: 'offset-from-global',
    tries: 'to take the place of its data from a global',
    module: more('(global $g i32 (i32.const 65536)) (data (global.get $g) "a")'),
    must: { refused: 'an operator that initialisers may not use; expected a constant, found 0x23' },
  },
  {
    name: 'wrong-signature',
    tries: 'to be called with numbers where it takes 64-bit integers, which throws in the host',
    module: moduleText().replace('(param i32 i32 i32 i32 f32)', '(param i32 i32 i64 i32 f32)'),
    must: { refused: 'export tincture_apply has the wrong signature' },
  },
  {
    name: 'function-named-memory',
    tries: 'to export a function as its memory',
    module: moduleText()
      .replace('(memory (export "memory") 1 4)', '(memory 1 4)')
      .replace(/\)$/, '(func (export "memory")))'),
    must: { refused: 'the memory is not exported as memory' },
  },
  {
    name: 'unknown-export',
    tries: 'to claim a function that the ABI may have one day',
    module: more('(func (export "tincture_network") (param i32) (result i32) (i32.const 0))'),
    must: { refused: 'export tincture_network is not of this ABI' },
  },
  {
    name: 'idle',
    tries: 'to be a style that does nothing',
    module: moduleText().replace('(export "tincture_apply")', ''),
    must: { refused: 'the module does nothing; expected an export tincture_apply or tincture_layers' },
  },
  {
    name: 'exports-of-javascript',
    tries: "to confuse the host with exports named like a promise's and an object's members",
    module: more(
      ['then', '__proto__', 'constructor', 'toString', 'hasOwnProperty', '']
        .map((name) => `(func (export "${name}") unreachable)`)
        .join(' '),
    ),
    must: 'nothing',
  },
];
