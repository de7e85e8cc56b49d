// Matrix product of float32 rows with a packed weight: y = x · weightᵀ + bias, as PyTorch's Linear.
//
// The weight is packed once into panels of PANEL outputs, [panel][input][PANEL], so that the inner loop streams it.
// Rows are packed per call into blocks of BLOCK rows, [block][input][BLOCK], so that one pointer serves all rows.
// A tile of BLOCK × PANEL sums lives in registers: V8 leaves 15 vector registers on x86-64, and a fused
// multiply-add needs no temporary, so the relaxed build holds 6 × 8 and the baseline build 5 × 8.
import { madd } from './vector';

/** Outputs of one panel: two vectors. */
export const PANEL: i32 = 8;
/** Rows of one block. */
// @ts-ignore: decorator
@inline
export const BLOCK: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;

/** One tile of the taller build, for the edges of y. */
const edge: usize = memory.data(6 * 8 * 4, 16);

/** Bytes of a packed weight: the bias padded to whole panels, then the panels. */
export function packedBytes(inputs: i32, outputs: i32): usize {
  const padded = usize((outputs + PANEL - 1) & ~(PANEL - 1));
  return (padded + padded * usize(inputs)) << 2;
}

/** Bytes that `gemm` needs to pack `rows` rows of `inputs` values. */
export function blockBytes(rows: i32, inputs: i32): usize {
  return (usize((rows + BLOCK - 1) / BLOCK) * usize(BLOCK) * usize(inputs)) << 2;
}

/** Packs weight [outputs, inputs] and bias [outputs] for `gemm`; the padding is zero. */
export function packWeight(weight: usize, bias: usize, inputs: i32, outputs: i32, packed: usize): void {
  const padded = (outputs + PANEL - 1) & ~(PANEL - 1);
  memory.fill(packed, 0, usize(padded) << 2);
  memory.copy(packed, bias, usize(outputs) << 2);
  let target = packed + (usize(padded) << 2);
  const stride = usize(inputs) << 2;
  for (let first = 0; first < padded; first += PANEL) {
    const columns = min(PANEL, outputs - first);
    let source = weight + usize(first) * stride;
    for (let input = 0; input < inputs; input++) {
      let column = 0;
      let from = source;
      for (; column < columns; column++) {
        store<f32>(target, load<f32>(from));
        target += 4;
        from += stride;
      }
      for (; column < PANEL; column++) {
        store<f32>(target, 0);
        target += 4;
      }
      source += 4;
    }
  }
}

/** Packs x [rows, inputs] into blocks; missing rows of the last block are zero. */
function packRows(x: usize, rows: i32, inputs: i32, blocks: usize): void {
  const stride = usize(inputs) << 2;
  let target = blocks;
  for (let first = 0; first < rows; first += BLOCK) {
    const here = min(BLOCK, rows - first);
    for (let row = 0; row < BLOCK; row++) {
      let to = target + (usize(row) << 2);
      if (row < here) {
        let from = x + usize(first + row) * stride;
        const end = from + stride;
        for (; from < end; from += 4) {
          store<f32>(to, load<f32>(from));
          to += usize(BLOCK) << 2;
        }
      } else {
        for (let input = 0; input < inputs; input++) {
          store<f32>(to, 0);
          to += usize(BLOCK) << 2;
        }
      }
    }
    target += stride * usize(BLOCK);
  }
}

/**
 * y [rows, outputs] = x [rows, inputs] · weightᵀ + bias, with `packed` as `packWeight` leaves it and `blocks` holding
 * `blockBytes(rows, inputs)` bytes of scratch. Sums run over the inputs in order. y may be x's memory: x is packed first.
 */
export function gemm(x: usize, rows: i32, inputs: i32, packed: usize, outputs: i32, y: usize, blocks: usize): void {
  packRows(x, rows, inputs, blocks);
  const padded = (outputs + PANEL - 1) & ~(PANEL - 1);
  const stride = usize(outputs) << 2;
  const panelBytes = (usize(inputs) * usize(PANEL)) << 2;
  const blockSize = (usize(inputs) * usize(BLOCK)) << 2;
  let panel = packed + (usize(padded) << 2);
  // Panels outside, rows inside: a panel is read from memory once and stays in the cache for all rows.
  for (let column = 0; column < outputs; column += PANEL) {
    const bias = packed + (usize(column) << 2);
    const columns = min(PANEL, outputs - column);
    let block = blocks;
    for (let row = 0; row < rows; row += BLOCK) {
      const here = min(BLOCK, rows - row);
      const target = y + usize(row) * stride + (usize(column) << 2);
      if (here == BLOCK && columns == PANEL) {
        tile(block, panel, inputs, bias, target, stride);
      } else {
        tile(block, panel, inputs, bias, edge, usize(PANEL) << 2);
        for (let i = 0; i < here; i++) {
          memory.copy(target + usize(i) * stride, edge + (usize(i * PANEL) << 2), usize(columns) << 2);
        }
      }
      block += blockSize;
    }
    panel += panelBytes;
  }
}

/**
 * y [BLOCK, PANEL] at `stride` bytes a row = one block of rows · one panel + bias. The sums are the locals a and b, one
 * pair a row. Not unrolled: engines do that themselves, and two steps at once would need more registers than there are.
 */
function tile(block: usize, panel: usize, inputs: i32, bias: usize, y: usize, stride: usize): void {
  let a0 = v128.load(bias), b0 = v128.load(bias, 16);
  let a1 = a0, b1 = b0, a2 = a0, b2 = b0, a3 = a0, b3 = b0, a4 = a0, b4 = b0, a5 = a0, b5 = b0;
  const end = panel + ((usize(inputs) * usize(PANEL)) << 2);
  while (panel < end) {
    const p = v128.load(panel), q = v128.load(panel, 16);
    let r = v128.load32_splat(block);
    a0 = madd(p, r, a0), b0 = madd(q, r, b0);
    r = v128.load32_splat(block, 4);
    a1 = madd(p, r, a1), b1 = madd(q, r, b1);
    r = v128.load32_splat(block, 8);
    a2 = madd(p, r, a2), b2 = madd(q, r, b2);
    r = v128.load32_splat(block, 12);
    a3 = madd(p, r, a3), b3 = madd(q, r, b3);
    r = v128.load32_splat(block, 16);
    a4 = madd(p, r, a4), b4 = madd(q, r, b4);
    if (BLOCK == 6) {
      r = v128.load32_splat(block, 20);
      a5 = madd(p, r, a5), b5 = madd(q, r, b5);
    }
    panel += usize(PANEL) << 2;
    block += usize(BLOCK) << 2;
  }
  y = put(y, a0, b0, stride);
  y = put(y, a1, b1, stride);
  y = put(y, a2, b2, stride);
  y = put(y, a3, b3, stride);
  y = put(y, a4, b4, stride);
  if (BLOCK == 6) put(y, a5, b5, stride);
}

/** Writes one row of a tile; gives the place of the next. */
// @ts-ignore: decorator
@inline
function put(y: usize, a: v128, b: v128, stride: usize): usize {
  v128.store(y, a);
  v128.store(y, b, 16);
  return y + stride;
}
