// Runs one stack over one context.
import {
  activate, addScaled, blockBytes, fail, gemm, LAYER_NORM, layerNorm, LINEAR, OK, OUT_OF_MEMORY, prelu, REFUSED, say,
  sayNumber, tincture_alloc, tincture_free, UNKNOWN_WIDTH,
} from '../../sdk/assembly/index';
import { find, Stack } from './network';

/** The kernels count values in 31 bits of bytes. */
const MAX_BYTES: u64 = 0x7fff_0000;

/** x [rows, width] += f(x) · strength with the stack of `width` and `side`. */
export function run(width: i32, side: i32, rows: i32, x: usize, strength: f32): i32 {
  const stack = find(width, side);
  if (stack == null || stack.count == 0) {
    fail(UNKNOWN_WIDTH, 'no layers for width ');
    sayNumber(width);
    return UNKNOWN_WIDTH;
  }
  if (stack.outputs != width) {
    fail(REFUSED, 'the layers end in width ');
    sayNumber(stack.outputs);
    say(' instead of ');
    sayNumber(width);
    return REFUSED;
  }

  let widest: i32 = width;
  let packing: usize = 0;
  let layer = stack.first;
  while (layer != null) {
    widest = max(widest, layer.outputs);
    if (layer.kind == LINEAR) packing = max(packing, blockBytes(rows, layer.inputs));
    layer = layer.next;
  }
  const bytes = (u64(rows) * u64(widest)) << 2;
  if (rows < 0 || bytes + packing > MAX_BYTES) return fail(REFUSED, 'too many rows');
  const change = tincture_alloc(i32(bytes));
  const blocks = tincture_alloc(i32(packing));
  if (change == 0 || blocks == 0) {
    tincture_free(change);
    tincture_free(blocks);
    return fail(OUT_OF_MEMORY, 'the context does not fit in the memory');
  }
  layers(stack, rows, x, change, blocks);
  addScaled(x, change, rows * width, strength);
  tincture_free(change);
  tincture_free(blocks);
  return OK;
}

/** f(x) into `change`. A product may read and write the same memory, since it packs its rows first. */
function layers(stack: Stack, rows: i32, x: usize, change: usize, blocks: usize): void {
  let layer = stack.first;
  let at = x;
  while (layer != null) {
    if (layer.kind == LINEAR) {
      gemm(at, rows, layer.inputs, layer.values, layer.outputs, change, blocks);
    } else {
      if (at != change) memory.copy(change, at, (usize(rows) * usize(layer.inputs)) << 2);
      if (layer.kind == LAYER_NORM) {
        layerNorm(change, rows, layer.outputs, layer.values, layer.values + (usize(layer.outputs) << 2));
      } else if (layer.slopes > 0) {
        prelu(change, rows, layer.outputs, layer.values, layer.slopes);
      } else {
        activate(layer.activation, change, rows * layer.outputs);
      }
    }
    at = change;
    layer = layer.next;
  }
}
