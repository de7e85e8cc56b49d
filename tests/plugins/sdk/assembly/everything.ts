// Every part of the SDK behind exports that a test can call.
import {
  acceptHalf, declare, dequantise, describe, described, fail, failure, failWith, Matrix, meanOfRows, mix, multiply, Network, OK,
  parameter, PRELU, progress, promptContext, REFUSED, say, sayDecimal, sayNumber, SILU, softmax, Tensors, THIN, unpackLowRank,
  WHOLE, writeStep,
} from '../../../../plugins/sdk/assembly/index';
export {
  tincture_abi_1, tincture_alloc, tincture_context, tincture_error, tincture_free, tincture_load, tincture_parameter,
  tincture_tensor,
} from '../../../../plugins/sdk/assembly/index';
export { dequantise, meanOfRows, multiply, parameter, softmax } from '../../../../plugins/sdk/assembly/index';

export function tincture_describe(): usize {
  describe('Tést "x" \\ 漢😀', 'a\nb');
  acceptHalf();
  declare('mix', 0.5, -1, 2.25);
  declare('fine', 0.000001, 0, 1_000_000);
  return described();
}

export function tincture_schedule(steps: i32, out: usize): i32 {
  for (let step = 0; step < steps; step++) writeStep(out, step, progress(step, steps), step);
  return OK;
}

export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  return Network.apply(0, width, rows, k, v, strength);
}

export function tincture_layers(width: i32, side: i32, out: usize): i32 {
  return Network.layers(width > 1000 ? 100 : 0, width % 1000, side, out);
}

/** Element `i` of tensor "x" of a set; −1 where there is none. */
export function element(set: i32, i: i32): f32 {
  const tensor = Tensors.find(set, 'x');
  return tensor == null ? -1 : tensor.at(i);
}

/** Writes tensor "x" as float32 and gives its number of values. */
export function widened(set: i32, out: usize): i32 {
  const tensor = Tensors.find(set, 'x');
  if (tensor == null) return -1;
  tensor.toFloat(out);
  return tensor.count;
}

export function hasShape(set: i32, rows: i32, columns: i32): bool {
  const tensor = Tensors.find(set, 'x');
  return tensor != null && tensor.is(rows, columns);
}

export function forget(set: i32): void {
  Tensors.clear(set);
}

export function unpack(set: i32, width: i32, whole: bool): i32 {
  return unpackLowRank(set, width, whole ? WHOLE : THIN);
}

export function mixed(width: i32, side: i32, count: i32, weights: usize): i32 {
  return mix(100, width, side, 0, count, weights);
}

/** y [rows, 2] = silu(x [rows, 3] · 1ᵀ + 1). */
export function narrow(rows: i32, x: usize, y: usize): i32 {
  const stack = Network.begin(7, 3, 0);
  if (stack == null) return failure();
  const values = stack.linear(2);
  if (values == 0 || !stack.activation(SILU)) return failure();
  for (let i: usize = 0; i < 8; i++) store<f32>(values + (i << 2), 1);
  return stack.forward(rows, x, y);
}

/** An activation that needs slopes, added without: refused. */
export function withoutSlopes(): i32 {
  const stack = Network.begin(8, 3, 0);
  return stack == null || !stack.activation(PRELU) ? failure() : OK;
}

/** The kept context's sum, through a matrix of its own. */
export function contextSum(): f32 {
  const context = promptContext();
  if (context == null) return -1;
  const copy = Matrix.create(context.rows, context.columns);
  if (copy == null) return -1;
  let sum: f32 = 0;
  for (let row = 0; row < copy.rows; row++) {
    for (let column = 0; column < copy.columns; column++) {
      copy.put(row, column, context.at(row, column));
      sum += copy.at(row, column);
    }
  }
  copy.free();
  return sum;
}

export function tellNumber(value: i64): i32 {
  fail(REFUSED, 'number ');
  sayNumber(value);
  return REFUSED;
}

export function tellDecimal(value: f64): i32 {
  fail(REFUSED, 'decimal ');
  sayDecimal(value);
  return REFUSED;
}

export function tellWidth(): i32 {
  return failWith(REFUSED, 'width ', 7, ' instead of 9 — 漢');
}

/** More than a message holds. */
export function tellAll(): i32 {
  fail(REFUSED, '');
  for (let i = 0; i < 200; i++) say('é');
  return REFUSED;
}
