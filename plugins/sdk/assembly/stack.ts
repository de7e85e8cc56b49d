// A stack of layers, the f of y = x + f(x) · strength: built or loaded, run on a context, or handed to the host as a table.
import { activate, PRELU, prelu } from '../../../wasm/assembly/activation';
import { blockBytes, gemm, packedBytes, packWeight } from '../../../wasm/assembly/gemm';
import { layerNorm } from '../../../wasm/assembly/layer-norm';
import { addScaled } from '../../../wasm/assembly/residual';
import {
  ACTIVATION, activationOf, inputsOf, kindOf, LAYER_HEADER, LAYER_NORM, LINEAR, misfit, valueCount, writeHeader,
} from './layer';
import { tincture_alloc, tincture_free } from './memory';
import { fail, failMemory, failure, failWith, OK, REFUSED, UNKNOWN_WIDTH } from './status';
import { say, sayNumber } from './words';

/** The kernels count bytes in 31 bits. */
const MAX_BYTES: i64 = 0x7fff_0000;

/** The table that the host was given last; it must stay in place until the next call. */
let table: usize = 0;

/** One layer: this record, then its block as the ABI lays it out, float32. */
@unmanaged
export class Layer {
  next: Layer | null;
  /** A linear layer's weight and bias as the kernel reads them, made when first applied; 0 before. */
  packed: usize;
  /** Width of what goes in and comes out. */
  inputs: i32;
  outputs: i32;

  get block(): usize {
    return changetype<usize>(this) + offsetof<Layer>();
  }
  get kind(): i32 {
    return kindOf(this.block);
  }
  /** Weight and bias, the norm's weight and bias, or slopes. */
  get values(): usize {
    return this.block + LAYER_HEADER;
  }
  /** Bytes of the block. */
  get length(): i32 {
    const count = valueCount(this.kind, inputsOf(this.block), this.outputs);
    return i32(LAYER_HEADER) + (i32(count) << 2);
  }
}

/** The layers of one set, width and side. `Network.begin` makes one. */
@unmanaged
export class Stack {
  next: Stack | null;
  set: i32;
  width: i32;
  side: i32;
  count: i32;
  /** Width after the last layer so far. */
  outputs: i32;
  first: Layer | null;
  last: Layer | null;

  /** Takes all layers out. */
  clear(): void {
    let layer = this.first;
    while (layer != null) {
      const next = layer.next;
      tincture_free(layer.packed);
      tincture_free(changetype<usize>(layer));
      layer = next;
    }
    this.first = null;
    this.last = null;
    this.count = 0;
    this.outputs = this.width;
  }

  /** Appends a layer and gives where its float32 values go; 0 after `fail`. The values are not yet written. */
  add(kind: i32, inputs: i32, outputs: i32, activation: i32): usize {
    const what = misfit(kind, inputs, outputs, activation, this.outputs);
    if (what.length > 0) {
      wrongLayer(what, this.width, this.count);
      return 0;
    }
    const bytes = i64(offsetof<Layer>() + LAYER_HEADER) + (valueCount(kind, inputs, outputs) << 2);
    const record: usize = bytes > MAX_BYTES ? 0 : tincture_alloc(i32(bytes));
    if (record == 0) {
      failMemory('the layers');
      return 0;
    }
    const layer = changetype<Layer>(record);
    layer.next = null;
    layer.packed = 0;
    layer.inputs = this.outputs;
    layer.outputs = kind == LINEAR ? outputs : this.outputs;
    writeHeader(layer.block, kind, inputs, kind == LINEAR ? outputs : 0, activation);
    const last = this.last;
    if (last == null) this.first = layer;
    else last.next = layer;
    this.last = layer;
    this.outputs = layer.outputs;
    this.count += 1;
    return layer.values;
  }

  /** Appends y = x · weightᵀ + bias; gives where weight [outputs, inputs] and then bias [outputs] go; 0 after `fail`. */
  linear(outputs: i32): usize {
    return this.add(LINEAR, this.outputs, outputs, 0);
  }

  /** Appends an activation without slopes, by its code in the ABI; false after `fail`. */
  activation(code: i32): bool {
    return this.add(ACTIVATION, 0, 0, code) != 0;
  }

  /** x [rows, width] += f(x) · strength. */
  apply(rows: i32, x: usize, strength: f32): i32 {
    if (this.outputs != this.width) {
      failWith(REFUSED, 'the layers end in width ', this.outputs, ' instead of ');
      sayNumber(this.width);
      return REFUSED;
    }
    const change = this.compute(rows, x);
    if (change == 0) return failure();
    addScaled(x, change, rows * this.width, strength);
    tincture_free(change);
    return OK;
  }

  /** y [rows, outputs] = f(x), x [rows, width]: for networks of the plugin's own. */
  forward(rows: i32, x: usize, y: usize): i32 {
    const change = this.compute(rows, x);
    if (change == 0) return failure();
    memory.copy(y, change, (usize(rows) * usize(this.outputs)) << 2);
    tincture_free(change);
    return OK;
  }

  /** f(x) in a block that the caller frees; 0 after `fail`. */
  private compute(rows: i32, x: usize): usize {
    let widest: i32 = this.width;
    let scratch: usize = 0;
    let layer = this.first;
    while (layer != null) {
      widest = max(widest, layer.outputs);
      if (layer.kind == LINEAR) {
        scratch = max(scratch, blockBytes(rows, layer.inputs));
        if (layer.packed == 0 && !pack(layer)) return 0;
      }
      layer = layer.next;
    }
    const bytes = (i64(rows) * i64(widest)) << 2;
    if (rows < 0 || bytes + i64(scratch) > MAX_BYTES) {
      fail(REFUSED, 'too many rows');
      return 0;
    }
    const change = tincture_alloc(i32(bytes));
    const blocks = tincture_alloc(i32(scratch));
    if (change != 0 && blocks != 0) this.run(rows, x, change, blocks);
    tincture_free(blocks);
    if (change != 0 && blocks != 0) return change;
    tincture_free(change);
    failMemory('the contexts');
    return 0;
  }

  /** f(x) into `change`. A product may read and write the same memory, since it packs its rows first. */
  private run(rows: i32, x: usize, change: usize, blocks: usize): void {
    let at = x;
    let layer = this.first;
    while (layer != null) {
      if (layer.kind == LINEAR) {
        gemm(at, rows, layer.inputs, layer.packed, layer.outputs, change, blocks);
      } else {
        if (at != change) memory.copy(change, at, (usize(rows) * usize(layer.inputs)) << 2);
        const values = layer.values;
        const code = activationOf(layer.block);
        if (layer.kind == LAYER_NORM) {
          layerNorm(change, rows, layer.outputs, values, values + (usize(layer.outputs) << 2));
        } else if (code == PRELU) {
          prelu(change, rows, layer.outputs, values, inputsOf(layer.block));
        } else {
          activate(code, change, rows * layer.outputs);
        }
      }
      at = change;
      layer = layer.next;
    }
  }

  /** Writes where the table of layers is, and how many entries it has, at `out`. The blocks are the layers' own. */
  produce(out: usize): i32 {
    tincture_free(table);
    table = tincture_alloc(this.count << 3);
    if (table == 0) return failMemory('the layers');
    let entry = table;
    let layer = this.first;
    while (layer != null) {
      store<usize>(entry, layer.block);
      store<i32>(entry, layer.length, 4);
      entry += 8;
      layer = layer.next;
    }
    store<usize>(out, table);
    store<i32>(out, this.count, 4);
    return OK;
  }
}

/** Says what is wrong with layer `index` of a stack. */
export function wrongLayer(what: string, width: i32, index: i32): i32 {
  fail(REFUSED, what);
  say(' in layer ');
  sayNumber(index);
  say(' of width ');
  sayNumber(width);
  return REFUSED;
}

/** Says that a width has no layers. */
export function noLayers(width: i32): i32 {
  return failWith(UNKNOWN_WIDTH, 'no layers for width ', width, '');
}

/** Packs a linear layer's weight; false after `fail`. */
function pack(layer: Layer): bool {
  const packed = tincture_alloc(i32(packedBytes(layer.inputs, layer.outputs)));
  if (packed == 0) {
    failMemory('the layers');
    return false;
  }
  const weight = layer.values;
  const bias = weight + ((usize(layer.inputs) * usize(layer.outputs)) << 2);
  packWeight(weight, bias, layer.inputs, layer.outputs, packed);
  layer.packed = packed;
  return true;
}
