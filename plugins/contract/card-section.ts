// The custom section that ties a packed module to its style's card: the ABI's version, then the card's SHA-256.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { ABI_VERSION, CARD_SECTION, CARD_SECTION_BYTES } from './abi.ts';
import { canonicalJson } from './canonical-json.ts';
import { MAX_NAME_BYTES } from './limits.ts';
import { ModuleReader, refuse } from './reader.ts';
import { type StyleCard, type StyleManifest, styleCardSchema } from './style.ts';

/** What a module says of the card that it was packed with. */
export interface CardFacts {
  readonly abiVersion: number;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
}

const HEADER_BYTES = 8;

/** The manifest without its blobs, whose digests depend on the module that the card goes into. */
export function cardOf(manifest: StyleManifest): StyleCard {
  const { blobs: _, ...card } = manifest;
  return card;
}

/** SHA-256 of the card in canonical JSON, in lower-case hexadecimal. Throws where the card breaks its schema. */
export function cardDigest(card: StyleCard): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(styleCardSchema.parse(card)))));
}

/** Reads the section's content, which begins at `byte` of module `name`. Throws `plugin/invalid`. */
export function readCard(name: string, byte: number, content: Uint8Array): CardFacts {
  if (content.length !== CARD_SECTION_BYTES) {
    refuse(
      name,
      byte,
      `section ${CARD_SECTION} has the wrong length`,
      `${CARD_SECTION_BYTES} bytes`,
      String(content.length),
    );
  }
  const abiVersion = new DataView(content.buffer, content.byteOffset).getUint32(0, true);
  if (abiVersion !== ABI_VERSION) {
    refuse(
      name,
      byte,
      `section ${CARD_SECTION} is of another ABI`,
      `version ${ABI_VERSION}`,
      String(abiVersion),
    );
  }
  return { abiVersion, sha256: bytesToHex(content.subarray(4)) };
}

/**
 * The module with this card's section at its end and no other. `digest` is `cardDigest`'s. Throws `plugin/invalid` where the
 * sections cannot be told apart; everything else of the module is left as it is.
 */
export function withCardSection(wasm: Uint8Array, digest: string): Uint8Array<ArrayBuffer> {
  const title = utf8ToBytes(CARD_SECTION);
  const section = new Uint8Array(3 + title.length + CARD_SECTION_BYTES);
  section.set([0, section.length - 2, title.length]);
  section.set(title, 3);
  new DataView(section.buffer).setUint32(3 + title.length, ABI_VERSION, true);
  section.set(hexToBytes(digest), section.length - CARD_SECTION_BYTES + 4);

  const kept = keptSections(wasm);
  const size = kept.reduce((sum, part) => sum + part.length, section.length);
  const packed = new Uint8Array(size);
  let at = 0;
  for (const part of [...kept, section]) {
    packed.set(part, at);
    at += part.length;
  }
  return packed;
}

/** The header and all sections except the card's. */
function keptSections(wasm: Uint8Array): Uint8Array[] {
  const reader = new ModuleReader('plugin', wasm);
  const parts = [reader.take(HEADER_BYTES)];
  while (reader.at < wasm.length) {
    const start = reader.at;
    const id = reader.byte();
    const size = reader.number();
    reader.end = reader.at + size;
    if (reader.end > wasm.length)
      reader.refuse('a section runs past the end of the module', undefined, undefined, start);
    if (id !== 0 || reader.words(MAX_NAME_BYTES) !== CARD_SECTION) {
      parts.push(wasm.subarray(start, reader.end));
    }
    reader.at = reader.end;
    reader.end = wasm.length;
  }
  return parts;
}
