// Style files: one spelling for each style, and a refusal for everything else.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { strFromU8, strToU8, unzipSync, type Zippable, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { blobSource } from '../../client/formats/blob-source.ts';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { FormatError } from '../../client/formats/errors.ts';
import { isStyleFile, openStyleFile, writeStyleFile } from '../../client/formats/style-file.ts';
import { canonicalJson } from '../../plugins/contract/canonical-json.ts';
import { MAX_MANIFEST_BYTES, type StyleManifest } from '../../plugins/contract/style.ts';
import { goldenSource } from './golden.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const facts = (bytes: Uint8Array) => ({ sha256: sha256(bytes), size: bytes.length });

const weights = strToU8('weights of the style');
const more = strToU8('more weights');
const plugin = strToU8('a plugin');
const preview = strToU8('a preview');
const blobs = new Map([weights, more, plugin, preview].map((bytes) => [sha256(bytes), bytes]));

const manifest: StyleManifest = {
  name: 'tones',
  version: '1.0.0',
  title: 'Tones',
  description: 'Ünïcode too.',
  author: 'Someone',
  licence: 'CC0-1.0',
  tags: [],
  triggerWords: [],
  base: { architecture: 'stable-diffusion-v1', contextWidth: 64 },
  layers: null,
  parameters: [],
  blobs: {
    weights: facts(weights),
    moreWeights: [facts(more)],
    plugin: facts(plugin),
    previews: [facts(preview), facts(preview)],
  },
};
const file = () => writeStyleFile(manifest, blobs);
const open = (bytes: Uint8Array) => openStyleFile(bytesSource('tones.style', bytes));

/** The files of the style in another zip, changed by `change`. */
function zipped(change: (files: Zippable) => void, level: 0 | 9 = 0): Uint8Array {
  const files: Zippable = { ...unzipSync(file()) };
  change(files);
  return zipSync(files, { level, mtime: new Date(1980, 0, 1) });
}
const withManifest = (text: string) =>
  zipped((files) => {
    files['style.json'] = strToU8(text);
  });

describe('writeStyleFile', () => {
  test('the same style gives the same bytes, whatever order the blobs come in', () => {
    const bytes = file();
    expect(writeStyleFile(structuredClone(manifest), new Map([...blobs].reverse()))).toEqual(bytes);
    expect(sha256(bytes)).toBe('ec80cc071e0a1857b23be654c6c659f5964449041285fabf65d24ce6e60d64af');
  });

  test('other programs read it: a zip of stored entries, the manifest first, blobs by digest', () => {
    const files = unzipSync(file());
    expect(Object.keys(files)).toEqual([
      'style.json',
      ...[...blobs.keys()].sort().map((it) => `blobs/${it}`),
    ]);
    expect(strFromU8(files['style.json']!)).toBe(canonicalJson(manifest));
    expect(files[`blobs/${sha256(weights)}`]).toEqual(weights);
  });

  test.each<[string, StyleManifest, ReadonlyMap<string, Uint8Array>, RegExp]>([
    ['a missing blob', manifest, new Map([...blobs].slice(1)), /a blob is missing/],
    [
      'a blob too many',
      manifest,
      new Map([...blobs, [sha256(strToU8('x')), strToU8('x')]]),
      /not in the manifest/,
    ],
    [
      'a blob under another’s digest',
      manifest,
      new Map([...blobs, [sha256(plugin), strToU8('a plugiN')]]),
      /another digest/,
    ],
    ['a blob of another size', manifest, new Map([...blobs, [sha256(plugin), strToU8('a')]]), /another size/],
    [
      'a manifest against the rules',
      { ...manifest, version: '1' },
      blobs,
      /version: must be a semantic version/,
    ],
  ])('refuses %s', (_what, value, given, message) => {
    expect(() => writeStyleFile(value, given)).toThrow(message);
  });
});

describe('openStyleFile', () => {
  test.each(['bytes', 'blob'])('gives manifest and blobs back, from %s', async (kind) => {
    const bytes = file();
    const source =
      kind === 'blob' ? blobSource('tones.style', new Blob([bytes])) : bytesSource('tones.style', bytes);
    const style = await openStyleFile(source);
    expect(style.manifest).toEqual(manifest);
    for (const [digest, content] of blobs) {
      const blob = style.blob(digest);
      expect(await blob.read(0, blob.size)).toEqual(content);
      expect(await blob.blob?.text()).toBe(kind === 'blob' ? strFromU8(content) : undefined);
      await expect(blob.read(1, blob.size)).rejects.toMatchObject({ code: 'format/truncated' });
    }
    expect(() => style.blob(sha256(strToU8('x')))).toThrow(/no such blob/);
  });

  test('a style without weights, and one that uses a blob twice', async () => {
    const lean = { ...manifest, blobs: { weights: null, plugin: facts(plugin), previews: [] } };
    const bytes = writeStyleFile(lean, new Map([[sha256(plugin), plugin]]));
    expect((await open(bytes)).manifest.blobs.weights).toBeNull();
    expect(Object.keys(unzipSync(bytes))).toHaveLength(2);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['an extra entry', zipped((files) => { files['readme'] = strToU8('x'); }), /does not name; found readme/],
    ['a blob that nobody names', zipped((files) => { files[`blobs/${sha256(strToU8('x'))}`] = strToU8('x'); }), /does not name/],
    ['a missing blob', zipped((files) => { delete files[`blobs/${sha256(weights)}`]; }), /names is missing/],
    ['a missing manifest', zipped((files) => { delete files['style.json']; }), /the manifest is missing/],
    ['a wrong blob', zipped((files) => { files[`blobs/${sha256(plugin)}`] = strToU8('a plugiN'); }), /another digest/],
    ['a blob of another size', zipped((files) => { files[`blobs/${sha256(plugin)}`] = strToU8('a plug'); }), /expected 8 bytes, found 6/],
    ['compressed blobs', zipped(() => {}, 9), /is compressed/],
    ['another order', zipped((files) => { const first = files['style.json']!; delete files['style.json']; files['style.json'] = first; }), /not laid out/],
    ['white space in the manifest', withManifest(JSON.stringify(manifest, null, 1)), /canonical JSON/],
    ['another order of keys', withManifest(JSON.stringify(manifest)), /canonical JSON/],
    ['a doubled key', withManifest(canonicalJson(manifest).replace('{', '{"author":"x",')), /canonical JSON/],
    ['a byte order mark', withManifest(`\ufeff${canonicalJson(manifest)}`), /not JSON/],
    ['no JSON', withManifest('{'), /not JSON/],
    ['deep nesting', withManifest('['.repeat(60_000)), /not JSON/],
    ['an unknown field', withManifest(canonicalJson({ ...manifest, extra: 1 })), /style.json, extra/],
    ['a manifest against the rules', withManifest(canonicalJson({ ...manifest, version: '1' })), /semantic version/],
    ['two sizes for one blob', withManifest(canonicalJson({ ...manifest, blobs: { ...manifest.blobs, moreWeights: [{ ...facts(weights), size: 3 }] } })), /two sizes for one blob/],
    ['a lying size', withManifest(canonicalJson({ ...manifest, blobs: { ...manifest.blobs, plugin: { ...facts(plugin), size: 9 } } })), /expected 9 bytes, found 8/],
    ['bytes after the end', new Uint8Array([...file(), 0]), /no end record/],
    ['bytes before the start', new Uint8Array([0, ...file()]), /directory is broken/],
    ['another kind of file', strToU8('not a zip'), /no end record/],
  ])('refuses %s', async (_what, bytes, message) => {
    await expect(open(bytes)).rejects.toThrow(message);
    await expect(open(bytes)).rejects.toBeInstanceOf(FormatError);
  }); // biome-ignore format: a table

  test('a doubled entry is refused', async () => {
    const bytes = zipped((files) => {
      files['style.jsoN'] = files['style.json']!;
    });
    const at = strFromU8(bytes, true).lastIndexOf('style.jsoN');
    bytes.set(strToU8('style.json'), at);
    await expect(open(bytes)).rejects.toThrow(/holds the name twice/);
  });

  test('a manifest above its limit is refused before it is read', async () => {
    await expect(open(withManifest(' '.repeat(MAX_MANIFEST_BYTES + 1)))).rejects.toMatchObject({
      code: 'format/too-large',
      message: expect.stringContaining('at most 65536 bytes'),
    });
  });

  test('a blob above the schema’s limit is refused by the manifest’s word', async () => {
    const big = canonicalJson({
      ...manifest,
      blobs: { ...manifest.blobs, plugin: { ...facts(plugin), size: 2 ** 23 } },
    });
    await expect(open(withManifest(big))).rejects.toThrow(/blobs\.plugin\.size/);
  });

  test('every cut is refused', async () => {
    const bytes = file();
    for (let length = 0; length < bytes.length; length += 7) {
      await expect(open(bytes.subarray(0, length))).rejects.toBeInstanceOf(FormatError);
    }
  });

  test('any other byte anywhere is refused with a FormatError', async () => {
    const bytes = file();
    const mutation = fc.record({ at: fc.nat(bytes.length - 1), by: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
        const mutated = bytes.slice();
        for (const { at, by } of mutations) mutated[at]! ^= by;
        fc.pre(!mutated.every((byte, index) => byte === bytes[index]));
        await expect(open(mutated)).rejects.toBeInstanceOf(FormatError);
      }),
      { numRuns: 300 },
    );
  });
});

test('a style file is told by its content', async () => {
  expect(await isStyleFile(bytesSource('x', file()))).toBe(true);
  expect(await isStyleFile(bytesSource('x', file().subarray(0, 39)))).toBe(false);
  expect(await isStyleFile(goldenSource('hypernetworks/relu.pt'))).toBe(false);
  expect(await isStyleFile(bytesSource('x', strToU8('PK')))).toBe(false);
});
