// Builds torch files by hand, opcode by opcode, so that tests can write what torch.save never would.
import { zipSync } from 'fflate';

/** A piece of a pickle. */
export type Code = number[];

const text = (value: string): Code => [...new TextEncoder().encode(value)];

function uint32(value: number): Code {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return [...bytes];
}

export const NONE: Code = [0x4e];
export const STOP: Code = [0x2e];
export const EMPTY_DICT: Code = [0x7d];

export const int = (value: number): Code => [0x4a, ...uint32(value >>> 0)];
export const string = (value: string): Code => [0x58, ...uint32(text(value).length), ...text(value)];
export const global = (module: string, name: string): Code => [0x63, ...text(`${module}\n${name}\n`)];
export const tuple = (...items: Code[]): Code => [0x28, ...items.flat(), 0x74];
export const list = (...items: Code[]): Code => [0x5d, 0x28, ...items.flat(), 0x65];
export const dict = (...pairs: [Code, Code][]): Code => [0x7d, 0x28, ...pairs.flat(2), 0x75];
export const call = (callable: Code, ...args: Code[]): Code => [...callable, ...tuple(...args), 0x52];
export const pickle = (body: Code, protocol = 2): Uint8Array<ArrayBuffer> =>
  new Uint8Array([0x80, protocol, ...body, ...STOP]);

export interface TensorParts {
  readonly key?: string;
  readonly storage?: string;
  readonly elements: number;
  readonly offset?: number;
  readonly shape: number[];
  readonly strides: number[];
}

/** `_rebuild_tensor_v2` of a storage. */
export function tensorCode(parts: TensorParts): Code {
  const { key = '0', storage = 'FloatStorage', elements, offset = 0, shape, strides } = parts;
  const id = tuple(string('storage'), global('torch', storage), string(key), string('cuda:7'), int(elements));
  return call(
    global('torch._utils', '_rebuild_tensor_v2'),
    [...id, 0x51],
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    [0x89],
    call(global('collections', 'OrderedDict')),
  );
}

/** A zip container; `deflated` entries are compressed as torch never does. */
export function torchZip(
  body: Code,
  storages: Readonly<Record<string, Uint8Array>> = {},
  options: { deflated?: boolean; extra?: Readonly<Record<string, Uint8Array>> } = {},
): Uint8Array<ArrayBuffer> {
  const files: Record<string, Uint8Array> = {
    'any/data.pkl': pickle(body),
    'any/version': new Uint8Array([0x33, 0x0a]),
  };
  for (const [key, bytes] of Object.entries(storages)) files[`any/data/${key}`] = bytes;
  return zipSync({ ...files, ...options.extra }, { level: options.deflated === true ? 9 : 0 });
}

export function floats(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Float32Array(values).buffer);
}

/** What torch.save wrote first before 1.6, as a little-endian integer of ten bytes. */
const PREZIP_MAGIC: Code = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const TRUE: Code = [0x88];

/** The container before the zip: five pickles, then each storage behind its count of elements. */
export function torchPrezip(
  body: Code,
  storages: ReadonlyMap<string, { readonly bytes: Uint8Array; readonly elements: number }>,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [
    pickle(PREZIP_MAGIC),
    pickle(int(1001)),
    pickle(dict([string('little_endian'), TRUE])),
    pickle(body),
    pickle(list(...[...storages.keys()].map(string))),
  ];
  for (const { bytes, elements } of storages.values()) {
    parts.push(new Uint8Array(new BigUint64Array([BigInt(elements)]).buffer), bytes);
  }
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}
