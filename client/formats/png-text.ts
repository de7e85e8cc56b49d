// Texts in a PNG: tEXt, zTXt and iTXt read; tEXt written, iTXt where Latin-1 does not suffice.
import { FormatError } from './errors.ts';
import { inflateBounded } from './inflate.ts';
import { type PngChunk, readPngChunks, writePngChunks } from './png-chunks.ts';

/** A prompt has a kilobyte, an embedding in a text chunk some hundred; compressed texts are bounded by this. */
export const MAX_TEXT_BYTES = 16 * 2 ** 20;
const MAX_KEYWORD_BYTES = 79;

/**
 * All texts by keyword; of two with one keyword the later counts. Throws FormatError for a broken file or text.
 * `where` is the file's name for errors.
 */
export function readPngText(bytes: Uint8Array, where = 'PNG'): Record<string, string> {
  const texts = new Map<string, string>();
  for (const chunk of readPngChunks(bytes, where)) {
    const place = `${where}, chunk ${chunk.type}`;
    if (chunk.type === 'tEXt') {
      const [keyword, text] = splitAtNull(chunk.data, place);
      texts.set(latin1(keyword), latin1(text));
    } else if (chunk.type === 'zTXt') {
      const [keyword, rest] = splitAtNull(chunk.data, place);
      checkMethod(rest[0], place);
      texts.set(latin1(keyword), latin1(inflateBounded('zlib', rest.subarray(1), MAX_TEXT_BYTES, place)));
    } else if (chunk.type === 'iTXt') {
      const [keyword, text] = internationalText(chunk.data, place);
      texts.set(keyword, text);
    }
  }
  return Object.fromEntries(texts);
}

/** The picture with these texts right behind its header; texts with the same keywords are replaced. */
export function writePngText(
  bytes: Uint8Array,
  texts: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const [header, ...rest] = readPngChunks(bytes);
  const kept = rest.filter((chunk) => !isTextOf(chunk, texts));
  const added = Object.entries(texts).map(([keyword, text]) => textChunk(keyword, text));
  return writePngChunks([header!, ...added, ...kept]);
}

function isTextOf({ type, data }: PngChunk, texts: Readonly<Record<string, string>>): boolean {
  if (!['tEXt', 'zTXt', 'iTXt'].includes(type)) return false;
  const end = data.indexOf(0);
  return end >= 0 && Object.hasOwn(texts, latin1(data.subarray(0, end)));
}

function textChunk(keyword: string, text: string): PngChunk {
  if (keyword.length === 0 || keyword.length > MAX_KEYWORD_BYTES || !isLatin1(keyword)) {
    throw new FormatError('invalid', 'not a keyword of a PNG text', {
      expected: `1 to ${MAX_KEYWORD_BYTES} Latin-1 characters`,
      found: JSON.stringify(keyword.slice(0, 100)),
    });
  }
  if (isLatin1(text)) return { type: 'tEXt', data: latin1Bytes(`${keyword}\0${text}`) };
  // Behind the keyword: not compressed, method 0, no language, no translated keyword.
  const head = latin1Bytes(`${keyword}\0\0\0\0\0`);
  const body = new TextEncoder().encode(text);
  const data = new Uint8Array(head.length + body.length);
  data.set(head);
  data.set(body, head.length);
  return { type: 'iTXt', data };
}

/** Keyword, flag, method, language, translated keyword, text in UTF-8. */
function internationalText(data: Uint8Array, where: string): [string, string] {
  const [keyword, rest] = splitAtNull(data, where);
  const [compressed, method] = rest;
  const [, translatedAndText] = splitAtNull(rest.subarray(2), where);
  const [, text] = splitAtNull(translatedAndText, where);
  if (compressed === 0) return [latin1(keyword), new TextDecoder().decode(text)];
  checkMethod(method, where);
  return [latin1(keyword), new TextDecoder().decode(inflateBounded('zlib', text, MAX_TEXT_BYTES, where))];
}

function checkMethod(method: number | undefined, where: string): void {
  if (method === 0) return;
  throw new FormatError('unsupported', 'unknown compression of a text', {
    where,
    expected: '0',
    found: String(method),
  });
}

function splitAtNull(data: Uint8Array, where: string): [Uint8Array, Uint8Array] {
  const end = data.indexOf(0);
  if (end < 0) throw new FormatError('invalid', 'a text without the end of its keyword', { where });
  return [data.subarray(0, end), data.subarray(end + 1)];
}

/** True where each character is one byte, and none ends a text. */
function isLatin1(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || code > 0xff) return false;
  }
  return true;
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
