// The section that ties a module to its card: written, found, replaced, and refused where it lies.
import { createHash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { canonicalJson } from '../../plugins/contract/canonical-json.ts';
import { cardDigest, cardOf, withCardSection } from '../../plugins/contract/card-section.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import { compileText, moduleText } from '../plugins/module-text.ts';
import { SAMPLE_STYLE } from './sample-style.ts';

const DIGEST = '0123456789abcdef'.repeat(4);
let bare: Uint8Array;
beforeAll(async () => {
  bare = await compileText(moduleText());
});

function custom(name: string, content: readonly number[]): number[] {
  const title = [...new TextEncoder().encode(name)];
  return [0, 1 + title.length + content.length, title.length, ...title, ...content];
}

function refusal(bytes: Uint8Array): string {
  try {
    validatePlugin(bytes);
  } catch (error) {
    if (error instanceof PluginError && error.kind === 'invalid') return error.message;
    throw error;
  }
  return 'accepted';
}

test('the card is the manifest without its blobs, and its digest that of its canonical JSON', () => {
  const { blobs: _, ...card } = SAMPLE_STYLE;
  expect(cardOf(SAMPLE_STYLE)).toEqual(card);
  expect(cardDigest(cardOf(SAMPLE_STYLE))).toBe(
    createHash('sha256').update(canonicalJson(card)).digest('hex'),
  );
  // Pinned: a changed digest would cut every published style from its module.
  expect(cardDigest(cardOf(SAMPLE_STYLE))).toBe(
    'a217f0a01a6eaca7674ae7413ce2d6bd00451da1ec3e0dbf930470b9dfc6bb5c',
  );
});

test('a packed module says its card, byte for byte as the ABI has it', () => {
  const packed = withCardSection(bare, DIGEST);
  expect(validatePlugin(bare).card).toBeUndefined();
  expect(validatePlugin(packed).card).toEqual({ abiVersion: 1, sha256: DIGEST });
  expect(packed.subarray(0, bare.length)).toEqual(bare);
  expect(Buffer.from(packed.subarray(bare.length)).toString('hex')).toBe(
    `00320d${Buffer.from('tincture.card').toString('hex')}01000000${DIGEST}`,
  );
});

test('packing anew leaves one section, wherever the old one stood, and keeps all others', () => {
  const names = custom('name', [0, 1, 0]);
  const old = withCardSection(bare.slice(0, 8), 'f'.repeat(64)).subarray(8);
  const scattered = Uint8Array.of(...bare.subarray(0, 8), ...old, ...bare.subarray(8), ...names, ...old);
  expect(refusal(scattered)).toContain('section tincture.card is doubled');
  const packed = withCardSection(scattered, DIGEST);
  expect(packed).toEqual(withCardSection(Uint8Array.of(...bare, ...names), DIGEST));
  expect(validatePlugin(packed).card?.sha256).toBe(DIGEST);
});

test('sections of another length or version are refused', () => {
  const digest = Array.from({ length: 32 }, () => 7);
  const section = (content: readonly number[]): Uint8Array =>
    Uint8Array.of(...bare, ...custom('tincture.card', content));
  expect(refusal(section([1, 0, 0, 0, ...digest]))).toBe('accepted');
  expect(refusal(section([1, 0, 0, 0, ...digest, 0]))).toContain('expected 36 bytes, found 37');
  expect(refusal(section([]))).toContain('expected 36 bytes, found 0');
  expect(refusal(section([2, 0, 0, 0, ...digest]))).toContain('expected version 1, found 2');
});

test('what cannot be packed: no module, a section past the end, a digest that is none', () => {
  expect(() => withCardSection(bare.slice(0, 5), DIGEST)).toThrow(PluginError);
  expect(() => withCardSection(Uint8Array.of(...bare.slice(0, 8), 1, 9, 0), DIGEST)).toThrow(
    'runs past the end',
  );
  expect(() => withCardSection(bare, 'abc')).toThrow();
  expect(() => cardDigest({ ...cardOf(SAMPLE_STYLE), name: 'No' })).toThrow();
});
