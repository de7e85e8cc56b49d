// PNG: texts in three kinds of chunk, pictures of all colour types, and bombs.
import { encode } from 'fast-png';
import { zlibSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { decodePng, encodePng, type Pixels } from '../../client/formats/png.ts';
import { type PngChunk, readPngChunks, writePngChunks } from '../../client/formats/png-chunks.ts';
import { MAX_TEXT_BYTES, readPngText, writePngText } from '../../client/formats/png-text.ts';
import { goldenBytes } from './golden.ts';

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const join = (...parts: (string | Uint8Array)[]) =>
  new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === 'string' ? bytesOf(part) : part))));

function picture(alpha: number): Pixels {
  const pixels = new Uint8ClampedArray(6 * 4 * 4);
  for (let i = 0; i < pixels.length; i++) pixels[i] = i % 4 === 3 ? alpha : (i * 37) % 256;
  return { width: 6, height: 4, pixels };
}

/** A small picture with extra chunks behind its header. */
function withChunks(...extra: PngChunk[]): Uint8Array<ArrayBuffer> {
  const [header, ...rest] = readPngChunks(encodePng(picture(255)));
  return writePngChunks([header!, ...extra, ...rest]);
}

describe('texts', () => {
  test('the embedding’s text chunk of a golden picture', () => {
    const texts = readPngText(goldenBytes('embeddings/brush-text-chunk.png'));
    expect(Object.keys(texts)).toContain('sd-ti-embedding');
    expect(JSON.parse(atob(texts['sd-ti-embedding']!))).toMatchObject({ name: 'brush', step: 1200 });
  });

  test('Latin-1 goes into tEXt, all else into iTXt; both before the pixels', () => {
    const texts = { parameters: 'a cat, façade\nSteps: 20', note: 'ein Bild – 絵', empty: '' };
    const png = encodePng(picture(255), texts);
    expect(readPngText(png)).toEqual(texts);
    expect(readPngChunks(png).map(({ type }) => type)).toEqual([
      'IHDR',
      'tEXt',
      'iTXt',
      'tEXt',
      'IDAT',
      'IEND',
    ]);
  });

  test('a text of the same keyword is replaced, others stay', () => {
    const first = encodePng(picture(255), { parameters: 'old 絵', other: 'kept' });
    expect(readPngText(writePngText(first, { parameters: 'new' }))).toEqual({
      parameters: 'new',
      other: 'kept',
    });
  });

  test('zTXt and compressed iTXt', () => {
    const png = withChunks(
      { type: 'zTXt', data: join('packed\0\0', zlibSync(bytesOf('fünf'.repeat(100)))) },
      { type: 'iTXt', data: join('wide\0\x01\0de\0breit\0', zlibSync(new TextEncoder().encode('絵'))) },
    );
    expect(readPngText(png)).toEqual({ packed: 'fünf'.repeat(100), wide: '絵' });
  });

  test('a compressed text that unfolds to more than the cap is refused', () => {
    const bomb = zlibSync(new Uint8Array(MAX_TEXT_BYTES + 1), { level: 9 });
    expect(bomb.length).toBeLessThan(20_000);
    const png = withChunks({ type: 'zTXt', data: join('bomb\0\0', bomb) });
    expect(() => readPngText(png)).toThrow(expect.objectContaining({ code: 'format/too-large' }));
  });

  test.each(['', 'k'.repeat(80), 'a\0b', '絵'])('the keyword %j is refused', (keyword) => {
    expect(() => encodePng(picture(255), { [keyword]: 'x' })).toThrow(/not a keyword/);
  });

  test('a chunk without its keyword, and an unknown compression', () => {
    expect(() => readPngText(withChunks({ type: 'tEXt', data: bytesOf('abc') }))).toThrow(
      /without the end of its keyword/,
    );
    expect(() => readPngText(withChunks({ type: 'zTXt', data: bytesOf('a\0\x05x') }))).toThrow(
      /expected 0, found 5/,
    );
  });

  test('a wrong checksum, a wrong signature, no header', () => {
    const png = encodePng(picture(255), { a: 'b' });
    png[45] = png[45]! ^ 1;
    expect(() => readPngText(png, 'x.png')).toThrow(
      /^x\.png, byte 33: the checksum of chunk "tEXt" is wrong/,
    );
    expect(() => readPngText(bytesOf('GIF89a..'))).toThrow(/not a PNG/);
    expect(() => readPngText(writePngChunks([{ type: 'IEND', data: new Uint8Array(0) }]))).toThrow(/IHDR/);
  });
});

describe('pictures', () => {
  test.each([255, 128])('RGBA there and back, alpha %i', (alpha) => {
    const png = encodePng(picture(alpha));
    // Colour type 2 is RGB, 6 is RGBA.
    expect(readPngChunks(png)[0]!.data[9]).toBe(alpha === 255 ? 2 : 6);
    expect(decodePng(png)).toEqual(picture(alpha));
  });

  test('grey, grey with alpha, 16 bits and interlaced', () => {
    const grey = encode({ width: 2, height: 1, channels: 1, depth: 8, data: new Uint8Array([7, 200]) });
    expect([...decodePng(grey).pixels]).toEqual([7, 7, 7, 255, 200, 200, 200, 255]);
    const greyAlpha = encode({ width: 1, height: 1, channels: 2, depth: 8, data: new Uint8Array([9, 3]) });
    expect([...decodePng(greyAlpha).pixels]).toEqual([9, 9, 9, 3]);
    const wide = encode({
      width: 1,
      height: 1,
      channels: 3,
      depth: 16,
      data: new Uint16Array([0xff00, 0x80ff, 0x0100]),
    });
    expect([...decodePng(wide).pixels]).toEqual([255, 128, 1, 255]);
    const { width, height, pixels } = picture(128);
    const interlaced = encode({ width, height, channels: 4, depth: 8, data: pixels }, { interlace: 'Adam7' });
    expect(decodePng(interlaced)).toEqual(picture(128));
  });

  test('a palette with transparency', () => {
    const header = new Uint8Array([0, 0, 0, 2, 0, 0, 0, 1, 8, 3, 0, 0, 0]);
    const png = writePngChunks([
      { type: 'IHDR', data: header },
      { type: 'PLTE', data: new Uint8Array([1, 2, 3, 4, 5, 6]) },
      { type: 'tRNS', data: new Uint8Array([0]) },
      { type: 'IDAT', data: zlibSync(new Uint8Array([0, 1, 0])) },
      { type: 'IEND', data: new Uint8Array(0) },
    ]);
    expect([...decodePng(png).pixels]).toEqual([4, 5, 6, 255, 1, 2, 3, 0]);
  });

  /** A picture whose header and data disagree. */
  const lying = (width: number, height: number, data: Uint8Array) => {
    const header = new Uint8Array(13);
    const view = new DataView(header.buffer);
    view.setUint32(0, width);
    view.setUint32(4, height);
    header.set([8, 2], 8);
    return writePngChunks([
      { type: 'IHDR', data: header },
      { type: 'IDAT', data: zlibSync(data) },
      { type: 'IEND', data: new Uint8Array(0) },
    ]);
  };

  test('a header of 4 billion pixels, of none, and data that unfold to more than the header says', () => {
    expect(() => decodePng(lying(2 ** 16, 2 ** 16, new Uint8Array(9)))).toThrow(
      expect.objectContaining({ code: 'format/too-large' }),
    );
    expect(() => decodePng(lying(0, 5, new Uint8Array(9)))).toThrow(/impossible/);
    expect(() => decodePng(lying(4, 4, new Uint8Array(10_000_000)))).toThrow(
      expect.objectContaining({ code: 'format/too-large' }),
    );
    expect(() => decodePng(lying(4, 4, new Uint8Array(5)))).toThrow(
      expect.objectContaining({ code: 'format/invalid' }),
    );
  });
});
