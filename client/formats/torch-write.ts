// Writes torch.save files in the zip container, for PyTorch and the programs built on it to load.
import { zipSync } from 'fflate';
import { DTYPE_BYTES, type DType } from '../tensor/tensor.ts';
import type { StoredTensor } from './entry.ts';
import { FormatError } from './errors.ts';
import { OP } from './pickle-opcodes.ts';

/** A value to pickle. Whole numbers become Python's int, others float; a Map becomes a dict. */
export type TorchTree =
  | null
  | boolean
  | number
  | string
  | readonly TorchTree[]
  | ReadonlyMap<string | number, TorchTree>
  | TorchTuple
  | TorchOrderedDict
  | TorchTensor;

/** Python's tuple, where an array would become a list. */
export class TorchTuple {
  readonly items: readonly TorchTree[];
  constructor(items: readonly TorchTree[]) {
    this.items = items;
  }
}

/** `collections.OrderedDict`, the type of state dicts. */
export class TorchOrderedDict {
  readonly items: ReadonlyMap<string | number, TorchTree>;
  constructor(items: ReadonlyMap<string | number, TorchTree>) {
    this.items = items;
  }
}

/** A tensor with a storage of its own. */
export class TorchTensor {
  readonly stored: StoredTensor;
  constructor(stored: StoredTensor) {
    this.stored = stored;
  }
}

const STORAGES: Readonly<Partial<Record<DType, string>>> = {
  F64: 'DoubleStorage',
  F32: 'FloatStorage',
  F16: 'HalfStorage',
  BF16: 'BFloat16Storage',
  I64: 'LongStorage',
  I32: 'IntStorage',
  I16: 'ShortStorage',
  I8: 'CharStorage',
  U8: 'ByteStorage',
  BOOL: 'BoolStorage',
};

/** The file format's version, as PyTorch has written since 1.6. */
const VERSION = '3\n';
/** Fixed, so that the same tensors give the same bytes and the same hash. */
const TIMESTAMP = new Date(1980, 0, 1);

/**
 * Pickles `tree` (protocol 2) into a zip archive whose root folder is `root`. Throws `format/unsupported` for an
 * element type that PyTorch has no storage class for.
 */
export function writeTorchFile(root: string, tree: TorchTree): Uint8Array<ArrayBuffer> {
  const pickler = new Pickler();
  const pickle = pickler.write(tree);
  const folder = root.replace(/[/\\\0]/g, '_');
  const files: Record<string, Uint8Array> = { [`${folder}/data.pkl`]: pickle };
  for (const [i, bytes] of pickler.storages.entries()) files[`${folder}/data/${i}`] = bytes;
  files[`${folder}/version`] = new TextEncoder().encode(VERSION);
  return zipSync(files, { level: 0, mtime: TIMESTAMP });
}

/** Emits opcodes; the names are those of Python's `pickletools`. */
class Pickler {
  /** Bytes of the storages, by their key. */
  readonly storages: Uint8Array[] = [];
  readonly #out: number[] = [];

  write(tree: TorchTree): Uint8Array<ArrayBuffer> {
    this.#out.push(OP.PROTO, 2);
    this.#value(tree);
    this.#out.push(OP.STOP);
    return new Uint8Array(this.#out);
  }

  #value(value: TorchTree): void {
    if (value === null) this.#out.push(OP.NONE);
    else if (typeof value === 'boolean') this.#out.push(value ? OP.NEWTRUE : OP.NEWFALSE);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'string') this.#text(value);
    else if (value instanceof TorchTensor) this.#tensor(value.stored);
    else if (value instanceof TorchTuple) this.#tuple(value.items);
    else if (value instanceof TorchOrderedDict) {
      this.#global('collections', 'OrderedDict');
      this.#out.push(OP.EMPTY_TUPLE, OP.REDUCE);
      this.#items(value.items);
    } else if (value instanceof Map) {
      this.#out.push(OP.EMPTY_DICT);
      this.#items(value);
    } else {
      this.#out.push(OP.EMPTY_LIST, OP.MARK);
      for (const item of value as readonly TorchTree[]) this.#value(item);
      this.#out.push(OP.APPENDS);
    }
  }

  #items(items: ReadonlyMap<string | number, TorchTree>): void {
    this.#out.push(OP.MARK);
    for (const [key, item] of items) {
      this.#value(key);
      this.#value(item);
    }
    this.#out.push(OP.SETITEMS);
  }

  #tuple(items: readonly TorchTree[]): void {
    this.#out.push(OP.MARK);
    for (const item of items) this.#value(item);
    this.#out.push(OP.TUPLE);
  }

  #number(value: number): void {
    const bytes = new DataView(new ArrayBuffer(8));
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) {
      bytes.setInt32(0, value, true);
      this.#out.push(OP.BININT, ...new Uint8Array(bytes.buffer, 0, 4));
    } else if (Number.isSafeInteger(value)) {
      bytes.setBigInt64(0, BigInt(value), true);
      this.#out.push(OP.LONG1, 8, ...new Uint8Array(bytes.buffer));
    } else {
      bytes.setFloat64(0, value);
      this.#out.push(OP.BINFLOAT, ...new Uint8Array(bytes.buffer));
    }
  }

  #text(value: string): void {
    const text = new TextEncoder().encode(value);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, text.length, true);
    this.#out.push(OP.BINUNICODE, ...length);
    for (const byte of text) this.#out.push(byte);
  }

  #global(module: string, name: string): void {
    this.#out.push(OP.GLOBAL, ...new TextEncoder().encode(`${module}\n${name}\n`));
  }

  /** `_rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict())`. */
  #tensor({ dtype, shape, bytes }: StoredTensor): void {
    const storage = STORAGES[dtype];
    if (storage === undefined) {
      throw new FormatError('unsupported', 'PyTorch has no storage class for the element type', {
        expected: Object.keys(STORAGES).join(', '),
        found: dtype,
      });
    }
    const key = String(this.storages.length);
    this.storages.push(bytes);
    this.#global('torch._utils', '_rebuild_tensor_v2');
    this.#out.push(OP.MARK);
    this.#out.push(OP.MARK);
    this.#text('storage');
    this.#global('torch', storage);
    this.#text(key);
    this.#text('cpu');
    this.#number(bytes.byteLength / DTYPE_BYTES[dtype]);
    this.#out.push(OP.TUPLE, OP.BINPERSID);
    this.#number(0);
    this.#tuple(shape);
    this.#tuple(
      shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1)),
    );
    this.#out.push(OP.NEWFALSE);
    this.#value(new TorchOrderedDict(new Map()));
    this.#out.push(OP.TUPLE, OP.REDUCE);
  }
}
