// model.json: every field is checked, and a wrong one is named.
import { expect, test } from 'vitest';
import { parseModelManifest } from '../../client/models/manifest.ts';

const GOOD = {
  name: 'sd-tiny',
  architecture: 'stable-diffusion-v1',
  checkpoint: 'checkpoint.safetensors',
  tokenizer: { vocab: 'tokens/vocab.json', merges: 'merges.txt' },
  attentionHeads: 8,
  textEncoderHeads: 12,
  latentScale: 0.18215,
  prediction: 'epsilon',
  defaults: { width: 512, height: 512, steps: 20, guidance: 7.5, sampler: 'ddim' },
};

test('a good manifest comes back as it is, without what we do not know', () => {
  expect(parseModelManifest({ ...GOOD, comment: 'x' }, 'model.json')).toEqual(GOOD);
});

test('what 2.x, separate parts and a store add comes back too', () => {
  const { attentionHeads: _, ...rest } = GOOD;
  const more = {
    ...rest,
    architecture: 'stable-diffusion-v2',
    attentionHeadWidth: 64,
    prediction: 'v',
    vae: 'vae.safetensors',
    textEncoder: 'text_encoder/model.safetensors',
    previewDecoder: 'preview-decoder.safetensors',
    sha256: 'ab'.repeat(32),
    defaults: { ...GOOD.defaults, schedule: 'sgm_uniform' },
  };
  expect(parseModelManifest(more, 'model.json')).toEqual(more);
});

test.each([
  ['attentionHeads', { ...GOOD, attentionHeads: undefined }],
  ['attentionHeadWidth', { ...GOOD, attentionHeadWidth: 0 }],
  ['vae', { ...GOOD, vae: '../vae.safetensors' }],
  ['textEncoder', { ...GOOD, textEncoder: 3 }],
  ['previewDecoder', { ...GOOD, previewDecoder: '/etc/passwd' }],
  ['sha256', { ...GOOD, sha256: 'AB'.repeat(32) }],
  ['name', { ...GOOD, name: ' ' }],
  ['architecture', { ...GOOD, architecture: 'stable-diffusion-xl' }],
  ['checkpoint', { ...GOOD, checkpoint: '../secret.safetensors' }],
  ['checkpoint', { ...GOOD, checkpoint: '/etc/passwd' }],
  ['checkpoint', { ...GOOD, checkpoint: 'https://example.org/x' }],
  ['checkpoint', { ...GOOD, checkpoint: 'a\\b' }],
  ['tokenizer', { ...GOOD, tokenizer: 'vocab.json' }],
  ['tokenizer.vocab', { ...GOOD, tokenizer: { merges: 'merges.txt' } }],
  ['tokenizer.merges', { ...GOOD, tokenizer: { vocab: 'vocab.json', merges: 7 } }],
  ['attentionHeads', { ...GOOD, attentionHeads: 0 }],
  ['attentionHeads', { ...GOOD, attentionHeads: 257 }],
  ['textEncoderHeads', { ...GOOD, textEncoderHeads: 1.5 }],
  ['latentScale', { ...GOOD, latentScale: 0 }],
  ['latentScale', { ...GOOD, latentScale: Number.NaN }],
  ['prediction', { ...GOOD, prediction: 'x0' }],
  ['defaults', { ...GOOD, defaults: undefined }],
  ['defaults.width', { ...GOOD, defaults: { ...GOOD.defaults, width: 100_000 } }],
  ['defaults.height', { ...GOOD, defaults: { ...GOOD.defaults, height: '512' } }],
  ['defaults.steps', { ...GOOD, defaults: { ...GOOD.defaults, steps: 1001 } }],
  ['defaults.guidance', { ...GOOD, defaults: { ...GOOD.defaults, guidance: -1 } }],
  ['defaults.sampler', { ...GOOD, defaults: { ...GOOD.defaults, sampler: 'x'.repeat(201) } }],
  ['defaults.schedule', { ...GOOD, defaults: { ...GOOD.defaults, schedule: 3 } }],
  ['the manifest', []],
  ['the manifest', null],
])('a wrong %s is refused by name', (name, value) => {
  expect(() => parseModelManifest(value, 'model.json')).toThrow(`model.json: ${name} is wrong; expected `);
});
