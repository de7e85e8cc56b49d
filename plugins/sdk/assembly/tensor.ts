// Named tensors that the host hands over: kept as they come, found by name, widened when read.
import { halfToFloat } from '../../../wasm/assembly/half';
import { tincture_alloc, tincture_free } from './memory';
import { fail, failMemory, OK, REFUSED } from './status';
import { beginWords, say, sayWords } from './words';

export const FLOAT32: i32 = 0;
export const FLOAT16: i32 = 1;
export const INT8: i32 = 2;
export const UINT8: i32 = 3;
export const INT32: i32 = 4;

const HEADER: usize = 48;
const MAX_RANK: i32 = 6;
const MAX_NAME: i32 = 256;

let tensors: Tensor | null = null;

/** The name that is looked for, as words. */
const wanted: usize = memory.data(260, 4);

/** One tensor: this record, then its block as the ABI lays it out. */
@unmanaged
export class Tensor {
  next: Tensor | null;
  set: i32;
  /** Elements of all axes. */
  count: i32;
  /** First value, row-major. */
  data: usize;

  private get block(): usize {
    return changetype<usize>(this) + offsetof<Tensor>();
  }
  /** FLOAT32, FLOAT16 (only for descriptions with `acceptHalf`), INT8, UINT8 or INT32. */
  get dtype(): i32 {
    return load<i32>(this.block);
  }
  get rank(): i32 {
    return load<i32>(this.block, 4);
  }
  /** Length of an axis, from 0; 1 beyond the rank, so that a vector is a matrix of one column. */
  axis(index: i32): i32 {
    return index < this.rank ? load<i32>(this.block + (usize(index) << 2), 8) : 1;
  }
  hasName(name: usize, length: i32): bool {
    if (load<i32>(this.block, 32) != length) return false;
    return memory.compare(this.block + HEADER, name, usize(length)) == 0;
  }

  /** Writes all values as float32 at `target`, `count` · 4 bytes. */
  toFloat(target: usize): void {
    const data = this.data;
    const count = this.count;
    if (this.dtype == FLOAT32) {
      memory.copy(target, data, usize(count) << 2);
    } else if (this.dtype == FLOAT16) {
      halfToFloat(data, count, target);
    } else {
      for (let i = 0; i < count; i++) store<f32>(target + (usize(i) << 2), this.at(i));
    }
  }

  /** Value `i` in row-major order, of any dtype but float16. */
  at(i: i32): f32 {
    if (this.dtype == FLOAT32) return load<f32>(this.data + (usize(i) << 2));
    if (this.dtype == INT8) return f32(load<i8>(this.data + usize(i)));
    if (this.dtype == UINT8) return f32(load<u8>(this.data + usize(i)));
    return f32(load<i32>(this.data + (usize(i) << 2)));
  }

  /** Whether it is [rows, columns] (or [rows] with one column); says so if not. */
  is(rows: i32, columns: i32): bool {
    if (this.rank <= 2 && this.axis(0) == rows && this.axis(1) == columns) return true;
    fail(REFUSED, 'tensor ');
    sayWords(this.block + HEADER, load<i32>(this.block, 32));
    say(' has the wrong shape');
    return false;
  }
}

/** Bytes of one value; 0 for a dtype that is none. */
function valueBytes(dtype: i32): i64 {
  switch (dtype) {
    case FLOAT32:
    case INT32: return 4;
    case FLOAT16: return 2;
    case INT8:
    case UINT8: return 1;
  }
  return 0;
}

/** Values of a tensor block whose header and length agree; -1 otherwise. */
function countOf(block: usize, length: i32): i64 {
  if (length < i32(HEADER)) return -1;
  const bytes = valueBytes(load<i32>(block));
  const rank = load<i32>(block, 4);
  const name = load<i32>(block, 32);
  if (bytes == 0 || rank < 0 || rank > MAX_RANK || name < 1 || name > MAX_NAME) return -1;
  let count: i64 = 1;
  for (let axis = 0; axis < rank; axis++) {
    const size = load<i32>(block + (usize(axis) << 2), 8);
    if (size < 0) return -1;
    count *= i64(size);
    if (count > i64(i32.MAX_VALUE)) return -1;
  }
  return count * bytes + i64(HEADER) + i64((name + 15) & ~15) == i64(length) ? count : -1;
}

/** Takes out the tensors of a set: those of this name, or all where `length` is 0. */
function drop(set: i32, name: usize, length: i32): void {
  let before: Tensor | null = null;
  let tensor = tensors;
  while (tensor != null) {
    const next = tensor.next;
    if (tensor.set == set && (length == 0 || tensor.hasName(name, length))) {
      if (before == null) tensors = next;
      else before.next = next;
      tincture_free(changetype<usize>(tensor));
    } else {
      before = tensor;
    }
    tensor = next;
  }
}

/** All tensors of this plugin. */
export class Tensors {
  /** What `tincture_tensor` is to do: keeps a copy, in place of one of the same set and name. */
  static keep(set: i32, block: usize, length: i32): i32 {
    const count = countOf(block, length);
    if (count < 0) return fail(REFUSED, 'header and length of a tensor disagree');
    drop(set, block + HEADER, load<i32>(block, 32));
    const record = tincture_alloc(length + i32(offsetof<Tensor>()));
    if (record == 0) return failMemory('the tensors');
    const tensor = changetype<Tensor>(record);
    const copy = record + offsetof<Tensor>();
    memory.copy(copy, block, usize(length));
    tensor.next = tensors;
    tensor.set = set;
    tensor.count = i32(count);
    tensor.data = copy + HEADER + usize((load<i32>(block, 32) + 15) & ~15);
    tensors = tensor;
    return OK;
  }

  /** The tensor of this name; null after `fail`. */
  static find(set: i32, name: string): Tensor | null {
    beginName(name);
    return Tensors.named(set);
  }

  /** The tensor whose name was written with `beginName`, `say` and `sayNumber`; null after `fail`. */
  static named(set: i32): Tensor | null {
    let tensor = tensors;
    while (tensor != null) {
      if (tensor.set == set && tensor.hasName(wanted + 4, load<i32>(wanted))) return tensor;
      tensor = tensor.next;
    }
    fail(REFUSED, 'there is no tensor ');
    sayWords(wanted + 4, load<i32>(wanted));
    return null;
  }

  /** Forgets the tensors of a set, once what they hold is unpacked. */
  static clear(set: i32): void {
    drop(set, 0, 0);
  }
}

/** Begins the name for `Tensors.named`; `say` and `sayNumber` write the rest, without building strings. */
export function beginName(text: string): void {
  beginWords(wanted, MAX_NAME);
  say(text);
}

/** Keeps every tensor of the files that are no hypernetworks. Re-export it to accept such files. */
export function tincture_tensor(set: i32, block: usize, length: i32): i32 {
  return Tensors.keep(set, block, length);
}
