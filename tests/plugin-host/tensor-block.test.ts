// Tensor blocks: exact words, names, widening, order and limits; the host's own check takes what is written.
import { expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import type { TensorEntry, TensorFile } from '../../client/formats/entry.ts';
import { tensorFile } from '../../client/formats/tensor-file.ts';
import { encodeTensors } from '../../client/plugin-host/tensor-block.ts';
import { DTYPE_BYTES, type DType, elementCount } from '../../client/tensor/tensor.ts';
import { MAX_TENSORS } from '../../plugins/contract/limits.ts';
import { checkTensor } from '../../plugins/host/tensor-header.ts';

type Given = readonly [name: string, dtype: DType, shape: readonly number[], bytes: Uint8Array];

/** A file of these tensors, in this order. */
function fileOf(given: readonly Given[]): TensorFile {
  const entries = new Map<string, TensorEntry>();
  const bytes: number[] = [];
  for (const [name, dtype, shape, data] of given) {
    const byteLength = DTYPE_BYTES[dtype] * elementCount(shape);
    entries.set(name, { name, dtype, shape, offset: bytes.length, byteLength });
    bytes.push(...data);
  }
  return tensorFile(bytesSource('test.safetensors', new Uint8Array(bytes)), entries, {});
}

const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

const HALVES = Uint16Array.of(0x3c00, 0xc000, 0x7bff);
const FILE = fileOf([
  ['b', 'F16', [3], bytesOf(HALVES)],
  ['a', 'F32', [1, 2], bytesOf(Float32Array.of(0.5, -2))],
  ['c', 'BF16', [2], bytesOf(Uint16Array.of(0x3f80, 0xc040))],
  ['é'.repeat(8), 'I8', [2, 1, 1], bytesOf(Int8Array.of(-1, 2))],
  ['d', 'I32', [], bytesOf(Int32Array.of(-70_000))],
  ['e', 'U8', [0], new Uint8Array(0)],
]);

function read(block: Uint8Array): { words: number[]; name: string; values: Uint8Array } {
  const words = [...new Uint32Array(block.slice().buffer, 0, 12)];
  const end = 48 + words[8]!;
  return {
    words,
    name: new TextDecoder().decode(block.subarray(48, end)),
    values: block.slice(Math.ceil(end / 16) * 16),
  };
}

test('one block for each tensor, by name, widened', async () => {
  const blocks = await encodeTensors('style', FILE, { half: false });
  blocks.forEach((block, index) => {
    expect(() => checkTensor(`tensor ${index}`, block)).not.toThrow();
  });
  const [a, b, c, d, e, accented] = blocks.map(read);
  expect(a).toEqual({
    words: [0, 2, 1, 2, 0, 0, 0, 0, 1, 0, 0, 0],
    name: 'a',
    values: bytesOf(Float32Array.of(0.5, -2)),
  });
  expect(b).toEqual({
    words: [0, 1, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0],
    name: 'b',
    values: bytesOf(Float32Array.of(1, -2, 65_504)),
  });
  expect(c!.values).toEqual(bytesOf(Float32Array.of(1, -3)));
  expect(d).toMatchObject({
    words: [4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0],
    values: bytesOf(Int32Array.of(-70_000)),
  });
  expect(e).toMatchObject({ words: [3, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], values: new Uint8Array(0) });
  expect(accented).toEqual({
    words: [2, 3, 2, 1, 1, 0, 0, 0, 16, 0, 0, 0],
    name: 'é'.repeat(8),
    values: bytesOf(Int8Array.of(-1, 2)),
  });
});

test('halves stay halves where the plugin wants them; bfloat16 is widened all the same', async () => {
  const [, b, c] = (await encodeTensors('style', FILE, { half: true })).map(read);
  expect(b).toMatchObject({ words: [1, 1, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0], values: bytesOf(HALVES) });
  expect(c!.words[0]).toBe(0);
});

test.each([
  [
    'a dtype',
    fileOf([['x', 'F64', [1], new Uint8Array(8)]]),
    'style, tensor x: plugins take no tensors of this dtype',
  ],
  ['axes', fileOf([['x', 'U8', [1, 1, 1, 1, 1, 1, 1], new Uint8Array(1)]]), 'at most 6, found 7'],
  ['a long name', fileOf([['x'.repeat(257), 'U8', [1], new Uint8Array(1)]]), '1 to 256 bytes, found 257'],
  ['no name', fileOf([['', 'U8', [1], new Uint8Array(1)]]), 'found 0'],
  [
    'too many',
    fileOf(
      Array.from({ length: MAX_TENSORS + 1 }, (_, i) => [`t${i}`, 'U8', [0], new Uint8Array(0)] as const),
    ),
    `at most ${MAX_TENSORS}, found ${MAX_TENSORS + 1}`,
  ],
  [
    'more bytes than weights may have, before any is read',
    tensorFile(
      bytesSource('huge', new Uint8Array(0)),
      new Map([
        ['x', { name: 'x', dtype: 'BF16', shape: [1 << 14, 1 << 14], offset: 0, byteLength: 1 << 29 }],
      ]),
      {},
    ),
    'at most 1073741824 bytes',
  ],
])('%s', async (_, file, words) => {
  await expect(encodeTensors('style', file, { half: false })).rejects.toMatchObject({
    code: 'plugin/input',
    message: expect.stringContaining(words),
  });
});

test.each([
  ['shorter than a header', new Uint8Array(47), '48 bytes'],
  ['an unknown dtype', header([5, 0, 0, 0, 0, 0, 0, 0, 1]), '0 to 4, found 5'],
  ['too many axes', header([0, 7, 1, 1, 1, 1, 1, 1, 1]), 'at most 6, found 7'],
  [
    'lengths beyond the rank',
    header([0, 1, 1, 9, 0, 0, 0, 0, 1]),
    'word 3 of the header; expected 0, found 9',
  ],
  ['reserved words', header([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]), 'word 10'],
  ['no name', header([0, 0, 0, 0, 0, 0, 0, 0, 0]), '1 to 256 bytes, found 0'],
  ['another length', header([0, 1, 2, 0, 0, 0, 0, 0, 1]), 'expected 72 bytes, found 68'],
])('the host refuses a block with %s', (_, block, words) => {
  expect(() => checkTensor('tensor 0', block)).toThrow(
    expect.objectContaining({ code: 'plugin/input', message: expect.stringContaining(words) }),
  );
});

/** A block of 68 bytes with this header: what a name of one byte and one float32 take. */
function header(words: readonly number[]): Uint8Array {
  const block = new Uint8Array(68);
  new Uint32Array(block.buffer, 0, 12).set(words);
  return block;
}
