// Hostile modules whose functions are ill typed: an engine that trusted them would read past its own stack.
import { moduleText } from '../module-text.ts';
import type { HostileEntry } from './entry.ts';

function body(name: string, tries: string, text: string, refused: string, more = ''): HostileEntry {
  return { name, tries, module: moduleText({ tincture_apply: text, more }), must: { refused } };
}

export const ILL_TYPED: readonly HostileEntry[] = [
  body(
    'no-result',
    'to give a status that it never pushed',
    'nop',
    'function 4: an operand is missing; expected i32, found none',
  ),
  body(
    'wrong-result',
    "to give a float's bits as a status",
    '(f32.const 1)',
    'function 4: an operand of the wrong type; expected i32, found f32',
  ),
  body(
    'operands-left',
    'to leave operands behind',
    '(i32.const 0) (i32.const 0)',
    'function 4: operands are left at the end of a block; found 1',
  ),
  body(
    'below-the-block',
    "to take an operand from below its block, another function's",
    '(i32.const 0) (block (drop))',
    'function 4: an operand is missing; expected one, found none',
  ),
  body(
    'mixed-select',
    'to choose between an address and a float',
    '(drop (select (i32.const 0) (f32.const 0) (i32.const 1))) (i32.const 0)',
    'an operand of the wrong type; expected f32, found i32',
  ),
  body(
    'constant-global',
    'to change a constant',
    '(global.set $c (i32.const 1)) (i32.const 0)',
    'a constant global is set',
    '(global $c i32 (i32.const 0))',
  ),
  body(
    'local-outside',
    'to read a local that is not there, which is some other word of the stack',
    '(local.get 5)',
    'a local that is not there; expected below 5, found 5',
  ),
  body(
    'call-outside',
    'to call a function that is not there',
    '(call 77) (i32.const 0)',
    'a function that is not there; expected below 5, found 77',
  ),
  body(
    'branch-outside',
    'to branch out of its function',
    '(br 3)',
    'a label that is not there; expected below 1, found 3',
  ),
  body(
    'no-table',
    'to call through a table that is not there',
    '(call_indirect (type $t) (i32.const 0)) (i32.const 0)',
    'a table that is not there; found 0',
    '(type $t (func))',
  ),
  body(
    'no-segment',
    'to copy from data that is not there',
    '(memory.init 3 (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0)',
    'a data segment that is not there; expected below 1, found 3',
    '(data "a")',
  ),
  body(
    'if-without-else',
    'to give a value from a branch that was not taken',
    '(if (result i32) (i32.const 1) (then (i32.const 0)))',
    'if without else; expected (i32), found ()',
  ),
  body(
    'unlike-targets',
    'to branch to places that expect different operands',
    '(block $a (result i32) (block $b (i32.const 0) (i32.const 0) (br_table $a $b)) (i32.const 0))',
    'targets of a branch take different operands; expected (i32), found ()',
  ),
  body(
    'after-unreachable',
    'to hide wrong types in code that is never reached',
    'unreachable (f32.const 1) (i32.eqz) (drop) (i32.const 0)',
    'an operand of the wrong type; expected i32, found f32',
  ),
  body(
    'wide-alignment',
    'to promise an alignment that the engine would trust',
    '(drop (i32.load align=8 (i32.const 0))) (i32.const 0)',
    'an alignment above the natural one; expected at most 2^2, found 2^3',
  ),
  body(
    'lane-outside',
    'to read the fifth of four lanes',
    '(drop (i32x4.extract_lane 4 (v128.const i32x4 0 0 0 0))) (i32.const 0)',
    'a lane that is not there; expected below 4, found 4',
  ),
];
