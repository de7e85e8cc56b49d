// A plugin that makes objects of every kind inside its functions, for memory.test.ts.
import { OK } from 'tincture';
export { tincture_abi_1, tincture_alloc, tincture_error, tincture_free } from 'tincture';

export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  const sums = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i++) sums[row] += load<f32>(k + 4 * (row * width + i));
  }
  for (let row = 0; row < rows; row++) store<f32>(v + 4 * row * width, sums[row] * strength);
  return OK;
}

let kept: Float32Array | null = null;

/** Where the values of a new array are, all of them `value`. */
export function floats(count: i32, value: f32): usize {
  const made = new Float32Array(count);
  made.fill(value);
  kept = made;
  return made.dataStart;
}

/** The sum of what `floats` made last. */
export function keptSum(): f32 {
  let sum: f32 = 0;
  const floats = kept;
  if (floats !== null) for (let i = 0; i < floats.length; i++) sum += floats[i];
  return sum;
}

/** The sum of 0 … count - 1, through an array that grows, from data of the module on. */
export function grown(count: i32): i32 {
  const numbers = [0, 1, 2];
  for (let i = 3; i < count; i++) numbers.push(i);
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i];
  return sum;
}

/** How many letters `count` concatenations give. */
export function joined(count: i32): i32 {
  let words = '';
  for (let i = 0; i < count; i++) words += i.toString() + ';';
  return words.length;
}

/** The value of the last of `count` keys. */
export function mapped(count: i32): i32 {
  const squares = new Map<i32, i32>();
  for (let i = 0; i < count; i++) squares.set(i, i * i);
  return squares.get(count - 1);
}

/** A block of the heap by the compiler's own name, grown to `size` bytes. */
export function reallocated(size: i32): usize {
  const block = heap.alloc(8);
  store<i64>(block, 0x1122334455667788);
  const larger = heap.realloc(block, size);
  return load<i64>(larger) == 0x1122334455667788 ? larger : 0;
}
