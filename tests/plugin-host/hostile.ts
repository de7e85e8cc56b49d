// Plugins that misbehave when they are started, loaded or applied, as WebAssembly text.
import { type ModuleParts, moduleText } from '../plugins/module-text.ts';
import { data, words } from './wat.ts';

const DONE = '(i32.const 0)';
const LOOP = '(loop $again (br $again)) (i32.const 0)';

/** A plugin that takes layers and applies nothing, except where a part says otherwise. */
export function loadingText(parts: ModuleParts = {}): string {
  return moduleText({ tincture_load: DONE, tincture_apply: DONE, ...parts });
}

/** Multiplies what `local.get side` points at by 1 + strength. */
const SCALE = (side: number): string => `(local.set $i (i32.const 0))
  (loop $next
    (f32.store (i32.add (local.get ${side}) (local.get $i)) (f32.mul
      (f32.load (i32.add (local.get ${side}) (local.get $i))) (f32.add (f32.const 1) (local.get 4))))
    (local.set $i (i32.add (local.get $i) (i32.const 4)))
    (br_if $next (i32.lt_u (local.get $i) (i32.mul (i32.const 4) (i32.mul (local.get 0) (local.get 1))))))`;

/** By what they do. */
export const HOSTILE_TEXTS = {
  quiet: loadingText(),
  /** x · (1 + strength). */
  scales: moduleText({ tincture_apply: `(local $i i32) ${SCALE(2)} ${SCALE(3)} ${DONE}` }),
  loopsInApply: loadingText({ tincture_apply: LOOP }),
  loopsInLoad: loadingText({ tincture_load: LOOP }),
  loopsAtStart: loadingText({ marker: '(loop $again (br $again))' }),
  loopsInFree: loadingText({ free: '(loop $again (br $again))' }),
  /** Some 20 million turns, a few tens of milliseconds. */
  slow: loadingText({
    tincture_apply: `(local $i i32)
      (loop $again (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000000))))
      ${DONE}`,
  }),
  traps: loadingText({ tincture_apply: 'unreachable' }),
  trapsInFree: loadingText({ free: 'unreachable' }),
  trapsInError: loadingText({ tincture_apply: '(i32.const 1)', error: 'unreachable' }),
  divides: loadingText({ tincture_apply: '(i32.div_u (i32.const 1) (i32.const 0))' }),
  writesOutside: loadingText({
    tincture_apply: `(f32.store (i32.const 0x7ffffff0) (f32.const 1)) ${DONE}`,
  }),
  overflowsStack: loadingText({
    tincture_apply: '(call $deeper (i32.const 0))',
    more: '(func $deeper (param i32) (result i32) (i32.add (i32.const 1) (call $deeper (local.get 0))))',
  }),
  trapsAtStart: loadingText({ marker: 'unreachable' }),
  dataOutside: loadingText({ more: '(data (i32.const 65535) "ab")' }),
  allocatesOutside: loadingText({ alloc: '(i32.const 0x10000000)' }),
  allocatesNegative: loadingText({ alloc: '(i32.const -16)' }),
  allocatesMisaligned: loadingText({ alloc: '(i32.const 1025)' }),
  /** The same place for keys and values. */
  allocatesTwice: loadingText({ alloc: '(i32.const 1024)' }),
  /** Right behind the memory, which would be inside after the growth in `tincture_load`. */
  allocatesAhead: loadingText({
    alloc: '(i32.mul (memory.size) (i32.const 65536))',
    tincture_load: `(drop (memory.grow (i32.const 1))) ${DONE}`,
  }),
  growsForEver: loadingText({
    tincture_apply:
      '(loop $again (br_if $again (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0)))) (i32.const 2)',
  }),
  /** Moves the memory in every call, then writes 7 to the first key. */
  growsInApply: loadingText({
    memory: '1 64',
    tincture_apply: `(drop (memory.grow (i32.const 1))) (f32.store (local.get 2) (f32.const 7)) ${DONE}`,
  }),
  writesNaN: loadingText({ tincture_apply: `(f32.store (local.get 3) (f32.const nan)) ${DONE}` }),
  refusesInWords: loadingText({
    tincture_apply: '(i32.const 7)',
    error: '(i32.const 256)',
    more: words(256, 'too loud!'),
  }),
  /** Words that would clear a terminal. */
  refusesInControls: loadingText({
    tincture_apply: '(i32.const 1)',
    error: '(i32.const 256)',
    more: words(256, '\u001b[2Jgone\u0007'),
  }),
  /** Takes the first layer of a stack and no other. */
  refusesSecondLayer: loadingText({ tincture_load: '(i32.ne (local.get 3) (i32.const 0))' }),
  refusesWithoutWords: loadingText({ tincture_load: '(i32.const 1)' }),
  saysTooMuch: loadingText({
    tincture_apply: '(i32.const 1)',
    error: '(i32.const 256)',
    more: words(256, Uint8Array.of(0xff, 0xfe, 0x21), 65_535),
    memory: '2 4',
  }),
  saysFromOutside: loadingText({ tincture_apply: '(i32.const 1)', error: '(i32.const 65534)' }),
  saysPastTheEnd: loadingText({
    tincture_apply: '(i32.const 1)',
    error: '(i32.const 65528)',
    more: data(65_528, Uint8Array.of(0xff, 0, 0, 0)),
  }),
  importsSomething: `(module (import "env" "now" (func (result f64))) ${loadingText().slice('(module'.length)}`,
  startFunction: loadingText({ more: '(func $first) (start $first)' }),
  wrongSignature: loadingText().replace('(param i32 i32 i32 i32 f32)', '(param i32 i32 i32 i32 f64)'),
  manyPages: loadingText({ memory: '1 9000' }),
} as const;
