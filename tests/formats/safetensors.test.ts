// The safetensors reader and writer: exact facts of golden files, and everything that the format forbids.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blobSource } from '../../client/formats/blob-source.ts';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { containerOf } from '../../client/formats/container.ts';
import type { StoredTensor } from '../../client/formats/entry.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import {
  MAX_HEADER_BYTES,
  openSafetensors,
  storeFloat32,
  writeSafetensors,
} from '../../client/formats/safetensors.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { goldenBytes, goldenSource } from './golden.ts';

/** A file with this header text and `dataBytes` zero bytes. */
function fileOf(header: string | Uint8Array, dataBytes = 0, declared?: bigint): Uint8Array<ArrayBuffer> {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, declared ?? BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

function open(bytes: Uint8Array<ArrayBuffer>) {
  return openSafetensors(bytesSource('bad.safetensors', bytes));
}

const entry = (dtype: string, shape: unknown, begin: unknown, end: unknown) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('openSafetensors', () => {
  test('exact facts of the golden checkpoint', async () => {
    const file = await openSafetensors(goldenSource('sd-tiny/checkpoint.safetensors'));
    expect(file.source.size).toBe(7621756);
    const name = 'model.diffusion_model.input_blocks.0.0.weight';
    expect(file.entries.get(name)).toMatchObject({
      name,
      dtype: 'F32',
      shape: [32, 4, 3, 3],
      byteLength: 4608,
    });
    const total = [...file.entries.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    const start = Math.min(...[...file.entries.values()].map(({ offset }) => offset));
    expect(start + total).toBe(7621756);
  });

  test('reads values, the same from a buffer, a Blob and a file', async () => {
    const bytes = goldenBytes('sd-tiny/expected.safetensors');
    const folder = mkdtempSync(join(tmpdir(), 'tincture-'));
    try {
      const path = join(folder, 'expected.safetensors');
      writeFileSync(path, bytes);
      const sources = [
        bytesSource('buffer', bytes),
        blobSource('blob', new Blob([bytes])),
        await fileSource(path),
      ];
      for (const source of sources) {
        const noise = await (await openSafetensors(source)).read('init_noise');
        expect(noise.shape).toEqual([1, 4, 8, 8]);
        expect([...noise.data.slice(0, 2)]).toEqual([0.21059146523475647, -0.28392794728279114]);
      }
      expect((await fileSource(path)).blob?.size).toBe(bytes.length);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('reads the header only', async () => {
    const inner = goldenSource('sd-tiny/checkpoint.safetensors');
    let read = 0;
    await openSafetensors({
      name: inner.name,
      size: inner.size,
      read: (offset, length) => {
        read += length;
        return inner.read(offset, length);
      },
    });
    const [length] = new BigUint64Array(goldenBytes('sd-tiny/checkpoint.safetensors').buffer.slice(0, 8));
    expect(read).toBe(8 + Number(length));
  });

  test('a missing tensor is answered with the nearest names', async () => {
    const file = await openSafetensors(goldenSource('sd-tiny/expected.safetensors'));
    await expect(file.read('init_nois')).rejects.toMatchObject({
      code: 'format/missing-tensor',
      facts: {
        where: 'sd-tiny/expected.safetensors',
        found: expect.stringMatching(/^nearest: init_noise, /),
      },
    });
  });

  test('a missing file is an error with words', async () => {
    await expect(fileSource('/nowhere/at.all')).rejects.toThrow('/nowhere/at.all: no such file');
  });

  const long = JSON.stringify({ a: entry('F32', [1], 0, 4) });
  test.each<[string, Uint8Array<ArrayBuffer>, string]>([
    ['an empty file', new Uint8Array(0), 'format/truncated'],
    ['a header above the cap', fileOf('{}', 0, BigInt(MAX_HEADER_BYTES) + 1n), 'format/too-large'],
    ['a header of 2⁶⁴ − 1 bytes', fileOf('{}', 0, 2n ** 64n - 1n), 'format/too-large'],
    ['a header longer than the file', fileOf('{}', 0, 1000n), 'format/truncated'],
    ['a header that is no JSON', fileOf('{"a":'), 'format/invalid'],
    ['a header that is no UTF-8', fileOf(new Uint8Array([0x7b, 0xff, 0x7d])), 'format/invalid'],
    ['a header that is a list', fileOf('[]'), 'format/invalid'],
    ['metadata that are no texts', fileOf('{"__metadata__":{"a":1}}'), 'format/invalid'],
    ['an entry that is no object', fileOf('{"a":null}'), 'format/invalid'],
    [
      'an unknown element type',
      fileOf(JSON.stringify({ a: entry('F8_E4M3', [1], 0, 1) }), 1),
      'format/unsupported',
    ],
    [
      'a type named like a method',
      fileOf(JSON.stringify({ a: entry('toString', [1], 0, 1) }), 1),
      'format/unsupported',
    ],
    ['a negative size', fileOf(JSON.stringify({ a: entry('F32', [-1], 0, 4) }), 4), 'format/invalid'],
    ['a fractional size', fileOf(JSON.stringify({ a: entry('F32', [0.5], 0, 2) }), 2), 'format/invalid'],
    [
      'too many axes',
      fileOf(JSON.stringify({ a: entry('F32', new Array(17).fill(1), 0, 4) }), 4),
      'format/invalid',
    ],
    [
      'a size that overflows',
      fileOf(JSON.stringify({ a: entry('F32', [2 ** 50, 2 ** 50], 0, 4) }), 4),
      'format/invalid',
    ],
    [
      'offsets that contradict the shape',
      fileOf(JSON.stringify({ a: entry('F32', [2], 0, 4) }), 4),
      'format/invalid',
    ],
    ['offsets in reverse', fileOf(JSON.stringify({ a: entry('F32', [1], 4, 0) }), 4), 'format/invalid'],
    ['offsets past the end', fileOf(JSON.stringify({ a: entry('F32', [2], 0, 8) }), 4), 'format/truncated'],
    [
      'overlap',
      fileOf(JSON.stringify({ a: entry('F32', [1], 0, 4), b: entry('F32', [1], 2, 6) }), 6),
      'format/invalid',
    ],
    ['a hole', fileOf(JSON.stringify({ a: entry('F32', [1], 4, 8) }), 8), 'format/invalid'],
    ['bytes behind the last tensor', fileOf(long, 5), 'format/invalid'],
  ])('refuses %s', async (_what, bytes, code) => {
    await expect(open(bytes)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('bad.safetensors'),
    });
  });

  test('survives a header of two million brackets', async () => {
    const header = new Uint8Array(2_000_000).fill(0x5b);
    await expect(open(fileOf(header))).rejects.toMatchObject({ code: 'format/invalid' });
  });

  test('is refused when cut at any byte', async () => {
    const whole = writeSafetensors(new Map([['a', storeFloat32(tensor([2], new Float32Array([1, 2])))]]), {
      note: 'x',
    });
    for (let length = 0; length < whole.length; length++) {
      await expect(open(whole.slice(0, length)), `cut at ${length}`).rejects.toMatchObject({
        code: 'format/truncated',
      });
    }
    expect((await open(whole)).metadata).toEqual({ note: 'x' });
  });
});

describe('writeSafetensors', () => {
  test('keeps bytes, types, shapes and metadata, aligned', async () => {
    const tensors = new Map<string, StoredTensor>([
      ['half', { dtype: 'F16', shape: [3], bytes: new Uint8Array([1, 2, 3, 4, 5, 6]) }],
      ['__proto__', { dtype: 'U8', shape: [1], bytes: new Uint8Array([9]) }],
      ['wide', { dtype: 'I64', shape: [], bytes: new Uint8Array(8).fill(7) }],
      ['none', { dtype: 'F32', shape: [0, 4], bytes: new Uint8Array(0) }],
    ]);
    const bytes = writeSafetensors(tensors, { title: 'grün – 緑' });
    const file = await openSafetensors(bytesSource('x', bytes));
    expect(file.metadata).toEqual({ title: 'grün – 緑' });
    expect([...file.entries.keys()]).toEqual(['wide', 'none', 'half', '__proto__']);
    expect(file.entries.get('wide')!.offset % 8).toBe(0);
    for (const [name, { dtype, shape, bytes: stored }] of tensors) {
      const found = file.entries.get(name)!;
      expect([found.dtype, found.shape]).toEqual([dtype, shape]);
      expect([...(await file.source.read(found.offset, found.byteLength))]).toEqual([...stored]);
    }
  });

  test('header lengths that begin like a pickle are no pickle', async () => {
    // 128 = 0x80 and 640 = 0x0280: a pickle begins with 0x80 0x02.
    for (const length of [128, 640]) {
      const bytes = fileOf(`{"__metadata__":{}${' '.repeat(length - 19)}}`);
      expect([bytes[0], await containerOf(bytesSource('x', bytes))]).toEqual([0x80, 'safetensors']);
    }
    expect(await containerOf(goldenSource('hypernetworks/relu.pt'))).toBe('torch');
    expect(await containerOf(goldenSource('hypernetworks/legacy-nai-prezip.pt'))).toBe('torch');
    expect(await containerOf(goldenSource('embeddings/brush-strips.png'))).toBe('png');
  });

  test('refuses bytes that do not fill the shape', () => {
    const broken = new Map([['a', { dtype: 'F32' as const, shape: [2], bytes: new Uint8Array(4) }]]);
    expect(() => writeSafetensors(broken)).toThrow(
      'tensor a: the tensor cannot be written; expected 8 bytes for F32 [2], found 4',
    );
  });
});
