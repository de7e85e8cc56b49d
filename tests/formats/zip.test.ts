// The zip reader: what it accepts, and bombs.
import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { openZip } from '../../client/formats/zip.ts';
import { goldenBytes } from './golden.ts';

const open = (bytes: Uint8Array<ArrayBuffer>) => openZip(bytesSource('a.zip', bytes));

/** Offsets of the records with this signature. */
function find(bytes: Uint8Array, signature: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length - 4 }, (_, i) => i).filter(
    (i) => view.getUint32(i, true) === signature,
  );
}

const CENTRAL = 0x02014b50;
const two = () =>
  zipSync({ a: [strToU8('x'.repeat(1000)), { level: 9 }], b: [strToU8('hello'), { level: 0 }] });

describe('openZip', () => {
  test('reads stored and deflated entries, and where stored ones lie', async () => {
    const bytes = two();
    const archive = await open(bytes);
    expect([...archive.entries.keys()]).toEqual(['a', 'b']);
    const [a, b] = [archive.entries.get('a')!, archive.entries.get('b')!];
    expect(new TextDecoder().decode(await archive.read(a, 1000))).toBe('x'.repeat(1000));
    const at = await archive.dataOffset(b);
    expect(new TextDecoder().decode(bytes.subarray(at, at + b.size))).toBe('hello');
  });

  test('reads the zip64 records of torch', async () => {
    const archive = await open(goldenBytes('hypernetworks/relu.pt'));
    expect(archive.entries.size).toBe(18);
    expect(archive.entries.get('relu/data.pkl')?.size).toBe(2151);
  });

  test('an entry above the caller’s limit is refused before it is read', async () => {
    const archive = await open(two());
    await expect(archive.read(archive.entries.get('a')!, 999)).rejects.toMatchObject({
      code: 'format/too-large',
    });
  });

  /** Changes a field of the first directory entry. */
  const patched = (offset: number, value: number, size: 16 | 32 = 32) => {
    const bytes = two();
    const at = find(bytes, CENTRAL)[0]! + offset;
    const view = new DataView(bytes.buffer);
    if (size === 16) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    return bytes;
  };

  test.each<[string, Uint8Array<ArrayBuffer>, RegExp]>([
    ['an impossible inflated size', patched(24, 2 ** 30), /sizes are impossible/],
    ['an encrypted entry', patched(8, 1, 16), /encrypted/],
    ['another compression method', patched(10, 12, 16), /found 12/],
    ['overlapping entries', patched(20, 60), /overlaps what follows/],
    ['a header offset outside', patched(42, 10 ** 6), /overlaps what follows/],
    ['zip64 sizes that are missing', patched(24, 0xffffffff), /zip64 sizes are missing/],
    ['a name longer than the directory', patched(28, 0xffff, 16), /directory is broken/],
  ])('refuses %s', async (_what, bytes, message) => {
    await expect(open(bytes)).rejects.toThrow(message);
  });

  test.each([
    [999, 'format/too-large'],
    [1001, 'format/invalid'],
  ])('1000 bytes that are declared as %i', async (size, code) => {
    const archive = await open(patched(24, size));
    await expect(archive.read(archive.entries.get('a')!, 2000)).rejects.toMatchObject({ code });
  });

  test('deflated data that are cut', async () => {
    const bytes = two();
    const archive = await open(bytes);
    const a = archive.entries.get('a')!;
    bytes.fill(0, await archive.dataOffset(a), (await archive.dataOffset(a)) + a.compressedSize);
    await expect(archive.read(a, 1000)).rejects.toMatchObject({ name: 'FormatError' });
  });

  test('two entries of one name', async () => {
    const bytes = two();
    const second = find(bytes, CENTRAL)[1]!;
    bytes[second + 46] = 'a'.charCodeAt(0);
    await expect(open(bytes)).rejects.toThrow(/holds the name twice/);
  });

  test('a directory that lies outside the file, and more entries than it holds', async () => {
    const bytes = two();
    const end = find(bytes, 0x06054b50)[0]!;
    const view = new DataView(bytes.buffer);
    view.setUint32(end + 16, bytes.length, true);
    await expect(open(bytes)).rejects.toThrow(/directory lies outside/);
    const many = two();
    new DataView(many.buffer).setUint16(find(many, 0x06054b50)[0]! + 10, 9000, true);
    await expect(open(many)).rejects.toThrow(/smaller than its entries/);
  });
});
