// Hostile modules that the validator cannot know: they loop, recurse, trap, grow, and are slow by just under the deadline.
import type { OptionalFunction } from '../../../plugins/contract/abi.ts';
import { type ModuleParts, moduleText } from '../module-text.ts';
import { type Call, counted, data, type HostileEntry } from './entry.ts';

const LOOP = '(loop $again (br $again))';
const DESCRIPTION = '{"parameters":[{"name":"a","default":1,"minimum":0,"maximum":2}]}';

/** Milliseconds: long enough to open a sandbox on a busy machine, short enough for many loops. */
const SHORT = { deadlineMs: 700 };

function loops(name: string, fails: Call, parts: ModuleParts): HostileEntry {
  return {
    name: `loop-in-${name}`,
    tries: `to run for ever in ${name}`,
    module: moduleText(parts),
    must: { fails, kind: 'deadline' },
    limits: SHORT,
  };
}

const loopsIn = (name: OptionalFunction, fails: Call, more = ''): HostileEntry =>
  loops(name.slice('tincture_'.length), fails, { [name]: `${LOOP} (i32.const 0)`, more });

function traps(name: string, tries: string, body: string, more = ''): HostileEntry {
  return {
    name,
    tries,
    module: moduleText({ tincture_apply: `${body} (i32.const 0)`, more }),
    must: { fails: 'apply', kind: 'trap' },
  };
}

export const RUNNING: readonly HostileEntry[] = [
  loops('marker', 'start', { marker: LOOP }),
  loops('alloc', 'apply', { alloc: `${LOOP} (i32.const 0)` }),
  loops('free', 'apply', { free: LOOP }),
  loops('error', 'apply', { tincture_apply: '(i32.const 1)', error: `${LOOP} (i32.const 0)` }),
  loopsIn('tincture_describe', 'start'),
  loops('parameter', 'parameters', {
    tincture_describe: '(i32.const 1024)',
    tincture_parameter: `${LOOP} (i32.const 0)`,
    more: data(1024, counted(DESCRIPTION)),
  }),
  loopsIn('tincture_load', 'load'),
  loopsIn('tincture_tensor', 'tensors'),
  loopsIn('tincture_context', 'context'),
  loopsIn('tincture_schedule', 'schedule'),
  loopsIn('tincture_phase', 'phase'),
  loopsIn('tincture_apply', 'apply'),
  loopsIn('tincture_layers', 'layers'),
  {
    name: 'slow-loop',
    tries: 'to run for ever by calls of a function that seems to end',
    module: moduleText({
      tincture_apply: '(loop $again (call $step) (br $again)) (i32.const 0)',
      more: '(func $step (global.set $next (i32.add (global.get $next) (i32.const 1))))',
    }),
    must: { fails: 'apply', kind: 'deadline' },
    limits: SHORT,
  },
  {
    name: 'endless-fill',
    tries: 'to run for ever in operators that do much work each',
    module: moduleText({
      memory: '256 256',
      tincture_apply: `(loop $again (memory.fill (i32.const 65536) (i32.const 7) (i32.const 16000000)) (br $again))
        (i32.const 0)`,
    }),
    must: { fails: 'apply', kind: 'deadline' },
    limits: SHORT,
  },
  {
    name: 'exponential',
    tries: 'to run for ever without a loop, by calling itself twice, sixty deep',
    module: moduleText({
      tincture_apply: '(call $twice (i32.const 60)) (i32.const 0)',
      more: `(func $twice (param i32)
        (if (local.get 0) (then
          (call $twice (i32.sub (local.get 0) (i32.const 1))) (call $twice (i32.sub (local.get 0) (i32.const 1))))))`,
    }),
    must: { fails: 'apply', kind: 'deadline' },
    limits: SHORT,
  },
  {
    name: 'just-under-the-deadline',
    tries: 'to be slow in every call, each a little below its deadline, many times',
    module: moduleText({
      tincture_apply: `(local $i i32) (local.set $i (i32.const 20000000))
        (loop $again (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1))))) (i32.const 0)`,
    }),
    must: { fails: 'apply', kind: 'deadline' },
    limits: { deadlineMs: 1500, pictureBudgetMs: 1500 },
    repeat: 5_000,
  },
  traps(
    'recursion',
    'to overflow the stack',
    '(drop (call $deep (i32.const 1)))',
    '(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))',
  ),
  traps(
    'indirect-recursion',
    'to overflow the stack through its table, past a count of calls',
    '(call $there)',
    `(table 2 funcref) (elem (i32.const 0) $there $back) (type $t (func))
     (func $there (call_indirect (type $t) (i32.const 1)) (global.set $next (i32.const 0)))
     (func $back (call_indirect (type $t) (i32.const 0)) (global.set $next (i32.const 0)))`,
  ),
  traps(
    'wide-recursion',
    'to overflow the stack by frames of two thousand locals',
    '(call $wide)',
    `(func $wide (local ${'v128 '.repeat(1900)}) (call $wide) (local.set 0 (v128.const i32x4 1 1 1 1)))`,
  ),
  traps('unreachable', 'to trap', 'unreachable'),
  traps('division', 'to divide by zero', '(drop (i32.div_s (i32.const 1) (i32.const 0)))'),
  traps(
    'division-overflow',
    'to divide the least integer by -1',
    '(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))',
  ),
  traps('truncation', 'to make an integer of NaN', '(drop (i32.trunc_f32_s (f32.const nan)))'),
  traps(
    'empty-element',
    'to call an empty entry of its table',
    '(call_indirect (type $t) (i32.const 1))',
    '(table 2 funcref) (type $t (func))',
  ),
  traps(
    'element-outside',
    'to call past its table',
    '(call_indirect (type $t) (i32.const -1))',
    '(table 2 funcref) (type $t (func))',
  ),
  traps(
    'element-of-another-type',
    'to call a function as if it were of another type',
    '(call_indirect (type $t) (i32.const 0))',
    '(table 2 funcref) (type $t (func)) (elem (i32.const 0) $f) (func $f (param f64))',
  ),
  traps('write-outside', 'to write outside its memory', '(f32.store (i32.const 0x7ffffff0) (f32.const 1))'),
  traps(
    'write-far-outside',
    'to write where the sum of address and offset has 33 bits',
    '(i32.store offset=0xffffffff (i32.const -1) (i32.const 1))',
  ),
  traps('read-outside', "to read the host's memory behind its own", '(drop (v128.load (i32.const 262144)))'),
  traps(
    'fill-outside',
    'to fill past its memory',
    '(memory.fill (i32.const 0) (i32.const 0) (i32.const -1))',
  ),
  traps(
    'copy-outside',
    'to copy from outside its memory',
    '(memory.copy (i32.const 0) (i32.const -16) (i32.const 32))',
  ),
  traps(
    'dropped-data',
    'to copy from data that it dropped',
    '(data.drop 0) (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1))',
    '(data "a")',
  ),
  traps(
    'data-past-its-end',
    'to copy more data than there is',
    '(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 9))',
    '(data "a")',
  ),
  {
    name: 'grows-for-ever',
    tries: 'to grow until the machine has no memory left',
    module: moduleText({
      memory: '1 256',
      tincture_apply:
        '(loop $again (br_if $again (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0)))) (i32.const 2)',
    }),
    must: { fails: 'apply', kind: 'memory' },
  },
  {
    name: 'grows-between-calls',
    tries: 'to move its memory in tincture_free, when the host has just read',
    module: moduleText({ memory: '1 64', free: '(drop (memory.grow (i32.const 1)))' }),
    must: 'nothing',
  },
  {
    name: 'grows-in-the-call',
    tries: 'to have the host use a pointer that was valid only before a grow',
    module: moduleText({
      memory: '1 64',
      tincture_apply: '(drop (memory.grow (i32.const 4))) (i32.const 0)',
      tincture_context: '(drop (memory.grow (i32.const 4))) (i32.const 0)',
      tincture_load: '(drop (memory.grow (i32.const 4))) (i32.const 0)',
    }),
    must: 'nothing',
  },
  {
    name: 'trap-at-marker',
    tries: 'to trap in its first call',
    module: moduleText({ marker: 'unreachable' }),
    must: { fails: 'start', kind: 'trap' },
  },
  {
    name: 'trap-in-error',
    tries: 'to trap when it is asked for its words',
    module: moduleText({ tincture_apply: '(i32.const 1)', error: 'unreachable' }),
    must: { fails: 'apply', kind: 'trap' },
  },
  {
    name: 'trap-in-free',
    tries: 'to trap after its work is done',
    module: moduleText({ free: 'unreachable' }),
    must: { fails: 'apply', kind: 'trap' },
  },
];
