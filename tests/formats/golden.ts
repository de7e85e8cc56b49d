// Golden files for the tests, as bytes and as sources.
import { readFileSync } from 'node:fs';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import type { ByteSource } from '../../client/formats/entry.ts';

const ROOT = new URL('../golden/', import.meta.url);

export function goldenBytes(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(path, ROOT)));
}

export function goldenSource(path: string): ByteSource {
  return bytesSource(path, goldenBytes(path));
}

export function goldenJson<T>(path: string): T {
  return JSON.parse(new TextDecoder().decode(goldenBytes(path))) as T;
}
