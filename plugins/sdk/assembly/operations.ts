// Operations on rows of float32 for networks of a plugin's own. Layers of a `Stack` do the rest.
import { exp } from '../../../wasm/assembly/exponential';
import { addScaled } from '../../../wasm/assembly/residual';
import { splat } from '../../../wasm/assembly/vector';

/** Each row of x [rows, width] becomes eˣ / Σ eˣ, in place. The largest value is taken off first, so that none overflows. */
export function softmax(x: usize, rows: i32, width: i32): void {
  const bytes = usize(width) << 2;
  for (let row = 0; row < rows; row++) {
    let largest: f32 = -Infinity;
    for (let at: usize = 0; at < bytes; at += 4) largest = max(largest, load<f32>(x + at));
    let sum: f32 = 0;
    for (let at: usize = 0; at < bytes; at += 4) {
      const value = f32x4.extract_lane(exp(f32x4.splat(load<f32>(x + at) - largest)), 0);
      store<f32>(x + at, value);
      sum += value;
    }
    for (let at: usize = 0; at < bytes; at += 4) store<f32>(x + at, load<f32>(x + at) / sum);
    x += bytes;
  }
}

/** out [width] = the mean of the rows of x [rows, width]. */
export function meanOfRows(x: usize, rows: i32, width: i32, out: usize): void {
  const bytes = usize(width) << 2;
  memory.fill(out, 0, bytes);
  for (let row = 0; row < rows; row++) addScaled(out, x + usize(row) * bytes, width, f32(1) / f32(rows));
}

/** out [rows, columns] = b [rows, rank] · a [rank, columns]. `out` may be neither of them. */
export function multiply(b: usize, a: usize, rows: i32, rank: i32, columns: i32, out: usize): void {
  const bytes = usize(columns) << 2;
  memory.fill(out, 0, usize(rows) * bytes);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < rank; k++) {
      addScaled(out, a + usize(k) * bytes, columns, load<f32>(b));
      b += 4;
    }
    out += bytes;
  }
}

/** out = whole · scale for `rows` rows of `columns` int8 at `whole`, with one float32 scale a row. */
export function dequantise(whole: usize, scales: usize, rows: i32, columns: i32, out: usize): void {
  for (let row = 0; row < rows; row++) {
    const scale = load<f32>(scales + (usize(row) << 2));
    for (let column = 0; column < columns; column++) {
      store<f32>(out, f32(load<i8>(whole)) * scale);
      whole += 1;
      out += 4;
    }
  }
}
