// Base64url without padding (RFC 4648 §5), for keys, signatures and tokens.

/** Spells bytes; 3 bytes are 4 characters. For short values: it makes one string of them on the way. */
export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

/**
 * Bytes of `text`; `undefined` unless it is their one right spelling: no padding, no other character, and no set bit beyond
 * the last byte, so that two texts are never one value.
 */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return base64url(bytes) === text ? bytes : undefined;
}
