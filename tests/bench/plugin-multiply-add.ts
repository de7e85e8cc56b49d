// What the processor can do at most: multiplications and additions of four float32 that need no memory and never wait.
import { compileText } from '../plugins/module-text.ts';
import type { Build } from '../wasm/kernel-module.ts';

/** Independent sums, as many as fit in the 15 vector registers that V8 leaves on x86-64 beside two factors. */
const SUMS = 13;
const UNROLLED = 4;
const LANES = 4;

/** Multiply-adds of single values in one loop. */
export const MULTIPLY_ADDS_PER_LOOP = SUMS * UNROLLED * LANES;

/** A module whose `run(loops)` does `loops · MULTIPLY_ADDS_PER_LOOP` multiply-adds; relaxed fuses each into one operation. */
export function multiplyAddModule(build: Build): Promise<Uint8Array<ArrayBuffer>> {
  const sums = Array.from({ length: SUMS }, (_, i) => i);
  // Unfused, each sum is its own factor: were the product the same in all loops, an engine might compute it once.
  const step = (i: number) =>
    build === 'relaxed'
      ? `(local.set $s${i} (f32x4.relaxed_madd (local.get $a) (local.get $b) (local.get $s${i})))`
      : `(local.set $s${i} (f32x4.add (f32x4.mul (local.get $s${i}) (local.get $a)) (local.get $b)))`;
  const loop = Array.from({ length: UNROLLED }, () => sums.map(step).join(' ')).join('\n');
  return compileText(`(module
    (memory (export "memory") 1)
    (func (export "run") (param $loops i32)
      (local $a v128) (local $b v128) ${sums.map((i) => `(local $s${i} v128)`).join(' ')}
      (local.set $a (v128.const f32x4 0.5 0.5 0.5 0.5))
      (local.set $b (v128.const f32x4 0.25 0.25 0.25 0.25))
      ${sums.map((i) => `(local.set $s${i} (f32x4.splat (f32.const ${i})))`).join(' ')}
      (loop $again
        ${loop}
        (br_if $again (local.tee $loops (i32.sub (local.get $loops) (i32.const 1)))))
      ${sums.map((i) => `(v128.store (i32.const ${16 * i}) (local.get $s${i}))`).join(' ')}))`);
}
