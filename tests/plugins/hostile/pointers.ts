// Hostile modules that lie in pointers, in numbers and in what they leave in the buffers that they were lent.
import { moduleText } from '../module-text.ts';
import { type Call, data, floats, type HostileEntry, words } from './entry.ts';

const DONE = '(i32.const 0)';

function allocates(name: string, tries: string, pointer: string): HostileEntry {
  return {
    name,
    tries,
    module: moduleText({ alloc: pointer }),
    must: { fails: 'apply', kind: 'trap', says: 'tincture_alloc' },
  };
}

function leaves(name: string, tries: string, store: string): HostileEntry {
  return {
    name,
    tries,
    module: moduleText({ tincture_apply: `${store} ${DONE}` }),
    must: { fails: 'apply', kind: 'non-finite', says: 'NaN or infinity' },
  };
}

/** Steps of the conversation's schedule are 4; this gives them one pair of words each. */
function schedules(
  name: string,
  tries: string,
  kind: 'invalid' | 'non-finite',
  pair: string,
  phases = false,
): HostileEntry {
  return {
    name,
    tries,
    module: moduleText({
      tincture_schedule: `(memory.copy (local.get 1) (i32.const 1024) (i32.const 32)) ${DONE}`,
      ...(phases ? { tincture_phase: DONE } : {}),
      more: data(1024, pair.repeat(4)),
    }),
    must: { fails: 'schedule', kind },
  };
}

/** Every function that a status comes from gives this one. */
function refuses(name: string, tries: string, status: number, kind: 'refused' | 'memory'): HostileEntry {
  return {
    name,
    tries,
    module: moduleText({ tincture_apply: `(i32.const ${status})` }),
    must: { fails: 'apply', kind, says: 'the plugin gave no reason' },
  };
}

const fails = (call: Call, kind: 'trap' | 'memory'): { fails: Call; kind: 'trap' | 'memory' } => ({
  fails: call,
  kind,
});

export const POINTERS: readonly HostileEntry[] = [
  allocates('buffer-outside', 'to have the host write outside the memory', '(i32.const 0x10000000)'),
  allocates('buffer-negative', 'to have the host write before the memory', '(i32.const -16)'),
  allocates('buffer-half-outside', 'to have the host write over the end of the memory', '(i32.const 65520)'),
  allocates('buffer-misaligned', 'to have the host write floats at an odd place', '(i32.const 1025)'),
  allocates(
    'buffer-half-aligned',
    'to have the host write at a multiple of 4 that is none of 16',
    '(i32.const 1028)',
  ),
  allocates('buffers-overlap', 'to have keys and values written over each other', '(i32.const 1024)'),
  allocates(
    'buffers-half-overlap',
    'to have the values begin inside the keys',
    '(global.set $next (i32.add (global.get $next) (i32.const 16))) (global.get $next)',
  ),
  {
    name: 'no-buffer',
    tries: 'to say that its memory is full when it is not',
    module: moduleText({ alloc: DONE }),
    must: fails('apply', 'memory'),
  },
  {
    name: 'buffer-moves',
    tries: 'to give pointers that were valid before it shrank its own count of memory',
    module: moduleText({
      alloc: '(global.set $next (i32.sub (global.get $next) (i32.const 64))) (global.get $next)',
      free: '(global.set $next (i32.const 128))',
    }),
    must: 'nothing',
  },
  {
    name: 'writes-what-it-was-lent',
    tries: 'to write into weights, tensors and contexts that are not its own',
    module: moduleText({
      tincture_load: '(memory.fill (local.get 4) (i32.const 0xff) (local.get 5)) (i32.const 0)',
      tincture_tensor: '(memory.fill (local.get 1) (i32.const 0xff) (local.get 2)) (i32.const 0)',
      tincture_context: '(memory.fill (local.get 2) (i32.const 0xff) (i32.const 32)) (i32.const 0)',
    }),
    must: 'nothing',
  },
  {
    name: 'writes-after-it-was-freed',
    tries: 'to write into buffers that it gave back',
    module: moduleText({
      free: '(i64.store (local.get 0) (i64.const -1))',
      tincture_load: '(i64.store (local.get 4) (i64.const -1)) (i32.const 0)',
    }),
    must: 'nothing',
  },
  leaves('nan-in-keys', 'to spread NaN through the picture', '(f32.store (local.get 2) (f32.const nan))'),
  leaves(
    'nan-in-values',
    'to spread NaN from the last value',
    '(f32.store offset=28 (local.get 3) (f32.const -nan:0x200001))',
  ),
  leaves('infinity', 'to spread infinity', '(f32.store (local.get 2) (f32.const -inf))'),
  leaves(
    'infinities-that-cancel',
    'to hide two infinities from a sum',
    '(f32.store (local.get 2) (f32.const inf)) (f32.store offset=4 (local.get 2) (f32.const -inf))',
  ),
  refuses('unknown-status', 'to give a status that the ABI does not have', 77, 'refused'),
  refuses('negative-status', 'to give a negative status', -1, 'refused'),
  refuses('width-status', 'to leave a width alone where it may not', 3, 'refused'),
  refuses('memory-status', 'to say that its memory is full', 2, 'memory'),
  schedules('schedule-nan', 'to weigh a step by NaN', 'non-finite', words(0x7fc0_0000, 0)),
  schedules('schedule-infinity', 'to weigh a step by infinity', 'non-finite', words(0x7f80_0000, 0)),
  schedules('phase-out-of-range', 'to name phase 64', 'invalid', floats(1) + words(64), true),
  schedules('phase-negative', 'to name phase -1', 'invalid', floats(1) + words(0xffff_ffff), true),
  schedules('phase-without-function', 'to name a phase that nobody can set', 'invalid', floats(1) + words(1)),
  {
    name: 'schedule-writes-on',
    tries: 'to write past the end of its schedule',
    module: moduleText({
      tincture_schedule:
        '(memory.fill (i32.add (local.get 1) (i32.const 32)) (i32.const 0xff) (i32.const 60000)) (i32.const 0)',
    }),
    must: 'nothing',
  },
];
