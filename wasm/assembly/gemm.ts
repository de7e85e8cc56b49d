// Matrix product of float32 rows with a packed weight: y = x · weightᵀ + bias, as PyTorch's Linear.
//
// The weight is packed once into panels of PANEL outputs, [panel][input][PANEL], so that the inner loop streams it.
// Rows are packed per call into blocks of BLOCK rows, [block][input][BLOCK], so that one pointer serves all rows.
// A tile of BLOCK × PANEL sums lives in registers: V8 leaves 15 vector registers on x86-64, and a fused
// multiply-add needs no temporary, so the relaxed build holds 6 × 8 and the baseline build 4 × 8.

/** Outputs of one panel: two vectors. */
export const PANEL: i32 = 8;
/** Rows of one block. */
// @ts-ignore: decorator
@inline
export const BLOCK: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/** One tile, for the edges of y. */
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

// @ts-ignore: decorator
@inline
function tile(block: usize, panel: usize, inputs: i32, bias: usize, y: usize, stride: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) tile6x8(block, panel, inputs, bias, y, stride);
  else tile4x8(block, panel, inputs, bias, y, stride);
}

function tile6x8(block: usize, panel: usize, inputs: i32, bias: usize, y: usize, stride: usize): void {
  let a0 = v128.load(bias), b0 = v128.load(bias, 16);
  let a1 = a0, b1 = b0, a2 = a0, b2 = b0, a3 = a0, b3 = b0, a4 = a0, b4 = b0, a5 = a0, b5 = b0;
  let p: v128, q: v128, r: v128;
  const end = panel + (usize(inputs) << 5);
  // Not unrolled: two steps at once would need more registers than there are.
  while (panel < end) {
    p = v128.load(panel);
    q = v128.load(panel, 16);
    r = v128.load32_splat(block);
    a0 = f32x4.relaxed_madd(r, p, a0);
    b0 = f32x4.relaxed_madd(r, q, b0);
    r = v128.load32_splat(block, 4);
    a1 = f32x4.relaxed_madd(r, p, a1);
    b1 = f32x4.relaxed_madd(r, q, b1);
    r = v128.load32_splat(block, 8);
    a2 = f32x4.relaxed_madd(r, p, a2);
    b2 = f32x4.relaxed_madd(r, q, b2);
    r = v128.load32_splat(block, 12);
    a3 = f32x4.relaxed_madd(r, p, a3);
    b3 = f32x4.relaxed_madd(r, q, b3);
    r = v128.load32_splat(block, 16);
    a4 = f32x4.relaxed_madd(r, p, a4);
    b4 = f32x4.relaxed_madd(r, q, b4);
    r = v128.load32_splat(block, 20);
    a5 = f32x4.relaxed_madd(r, p, a5);
    b5 = f32x4.relaxed_madd(r, q, b5);
    panel += 32;
    block += 24;
  }
  v128.store(y, a0);
  v128.store(y, b0, 16);
  y += stride;
  v128.store(y, a1);
  v128.store(y, b1, 16);
  y += stride;
  v128.store(y, a2);
  v128.store(y, b2, 16);
  y += stride;
  v128.store(y, a3);
  v128.store(y, b3, 16);
  y += stride;
  v128.store(y, a4);
  v128.store(y, b4, 16);
  y += stride;
  v128.store(y, a5);
  v128.store(y, b5, 16);
}

function tile4x8(block: usize, panel: usize, inputs: i32, bias: usize, y: usize, stride: usize): void {
  let a0 = v128.load(bias), b0 = v128.load(bias, 16);
  let a1 = a0, b1 = b0, a2 = a0, b2 = b0, a3 = a0, b3 = b0;
  let p: v128, q: v128, r: v128;
  const end = panel + (usize(inputs) << 5);
  while (panel < end) {
    p = v128.load(panel);
    q = v128.load(panel, 16);
    r = v128.load32_splat(block);
    a0 = f32x4.add(a0, f32x4.mul(p, r));
    b0 = f32x4.add(b0, f32x4.mul(q, r));
    r = v128.load32_splat(block, 4);
    a1 = f32x4.add(a1, f32x4.mul(p, r));
    b1 = f32x4.add(b1, f32x4.mul(q, r));
    r = v128.load32_splat(block, 8);
    a2 = f32x4.add(a2, f32x4.mul(p, r));
    b2 = f32x4.add(b2, f32x4.mul(q, r));
    r = v128.load32_splat(block, 12);
    a3 = f32x4.add(a3, f32x4.mul(p, r));
    b3 = f32x4.add(b3, f32x4.mul(q, r));
    panel += 32;
    block += 16;
  }
  v128.store(y, a0);
  v128.store(y, b0, 16);
  y += stride;
  v128.store(y, a1);
  v128.store(y, b1, 16);
  y += stride;
  v128.store(y, a2);
  v128.store(y, b2, 16);
  y += stride;
  v128.store(y, a3);
  v128.store(y, b3, 16);
}
