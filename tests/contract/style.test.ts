// The style manifest: what passes, and that each rule refuses what it is there for, naming the field.
import { expect, test } from 'vitest';
import {
  firstIssue,
  kindOf,
  MAX_PREVIEW_BYTES,
  MAX_WEIGHTS_BYTES,
  styleCardSchema,
  styleManifestSchema,
} from '../../plugins/contract/style.ts';
import { SAMPLE_STYLE } from './sample-style.ts';

const TRAINING = { pictures: 20, steps: 500, batch: 4, rates: '5e-5:100, 1e-5', base: 'pictograms' };
const blob = { sha256: 'b'.repeat(64), size: 1 };

test('a manifest passes unchanged', () => {
  expect(styleManifestSchema.parse(SAMPLE_STYLE)).toEqual(SAMPLE_STYLE);
  const full = {
    ...SAMPLE_STYLE,
    base: { ...SAMPLE_STYLE.base, checkpointSha256: 'c'.repeat(64) },
    training: TRAINING,
    blobs: { ...SAMPLE_STYLE.blobs, plugin: blob, previews: [blob] },
  };
  expect(styleManifestSchema.parse(full)).toEqual(full);
});

const EMBEDDING = {
  ...SAMPLE_STYLE,
  kind: 'embedding' as const,
  vectors: 3,
  layers: null,
  parameters: [],
};

test('an embedding passes unchanged, and a manifest without a kind is a style', () => {
  expect(styleManifestSchema.parse(EMBEDDING)).toEqual(EMBEDDING);
  expect([SAMPLE_STYLE, EMBEDDING, { ...SAMPLE_STYLE, kind: 'style' as const }].map(kindOf)).toEqual([
    'style',
    'embedding',
    'style',
  ]);
});

test.each<[string, object]>([
  ['vectors', { vectors: undefined }],
  ['vectors', { vectors: 76 }],
  ['vectors', { vectors: 0 }],
  ['vectors', { kind: undefined }],
  ['kind', { kind: 'lora' }],
  ['layers', { layers: SAMPLE_STYLE.layers }],
  ['parameters', { parameters: SAMPLE_STYLE.parameters }],
  ['blobs.plugin', { blobs: { ...SAMPLE_STYLE.blobs, plugin: blob } }],
  ['blobs.weights', { blobs: { weights: null, plugin: null, previews: [] } }],
  ['blobs.moreWeights', { blobs: { ...SAMPLE_STYLE.blobs, moreWeights: [blob] } }],
])('an embedding with a wrong %s is refused: %o', (field, change) => {
  const result = styleManifestSchema.safeParse({ ...EMBEDDING, ...change });
  expect(result.success).toBe(false);
  expect(firstIssue(result.error!).field).toBe(field);
});

test('a card is a manifest without blobs', () => {
  const { blobs: _, ...card } = SAMPLE_STYLE;
  expect(styleCardSchema.parse(card)).toEqual(card);
  expect(styleCardSchema.safeParse(SAMPLE_STYLE).success).toBe(false);
});

const many = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);
const parameter = SAMPLE_STYLE.parameters[0]!;
test.each<[string, object]>([
  ['name', { name: 'Blueprint' }],
  ['name', { name: 'a--b' }],
  ['name', { name: '../a' }],
  ['name', { name: 'a'.repeat(65) }],
  ['version', { version: '1.0' }],
  ['version', { version: 'v1.0.0' }],
  ['version', { version: '1.0.0+build' }],
  ['title', { title: '' }],
  ['title', { title: ' padded' }],
  ['title', { title: 'bell\u0007' }],
  ['author', { author: '\ud800' }],
  ['description', { description: 'x'.repeat(4001) }],
  ['licence', { licence: 7 }],
  ['tags', { tags: many(17) }],
  ['tags', { tags: ['a', 'a'] }],
  ['triggerWords', { triggerWords: ['a', 'a'] }],
  ['base.contextWidth', { base: { ...SAMPLE_STYLE.base, contextWidth: 0 } }],
  ['base.architecture', { base: { ...SAMPLE_STYLE.base, architecture: 'SD 1.5' } }],
  ['base.checkpointSha256', { base: { ...SAMPLE_STYLE.base, checkpointSha256: 'A'.repeat(64) } }],
  ['layers.widths', { layers: { ...SAMPLE_STYLE.layers, widths: [96, 96] } }],
  ['training.steps', { training: { ...TRAINING, steps: -1 } }],
  ['training.colour', { training: { ...TRAINING, colour: 1 } }],
  ['layers.structure', { layers: { ...SAMPLE_STYLE.layers, structure: [2, 1] } }],
  ['parameters.0.default', { parameters: [{ ...parameter, default: 3 }] }],
  ['parameters.0.maximum', { parameters: [{ ...parameter, maximum: Number.NaN }] }],
  ['parameters', { parameters: [parameter, parameter] }],
  [
    'blobs.weights.size',
    { blobs: { ...SAMPLE_STYLE.blobs, weights: { ...blob, size: MAX_WEIGHTS_BYTES + 1 } } },
  ],
  ['blobs.weights.size', { blobs: { ...SAMPLE_STYLE.blobs, weights: { ...blob, size: 0 } } }],
  ['blobs.plugin', { blobs: { weights: blob, previews: [] } }],
  ['blobs.previews', { blobs: { ...SAMPLE_STYLE.blobs, previews: Array(9).fill(blob) } }],
  [
    'blobs.previews.0.size',
    { blobs: { ...SAMPLE_STYLE.blobs, previews: [{ ...blob, size: MAX_PREVIEW_BYTES + 1 }] } },
  ],
  ['colour', { colour: 'blue' }],
])('a wrong %s is refused: %o', (field, change) => {
  const result = styleManifestSchema.safeParse({ ...SAMPLE_STYLE, ...change });
  expect(result.success).toBe(false);
  expect(firstIssue(result.error!).field).toBe(field);
});
