// A valid style manifest for tests to take as it is or to spoil.
import type { StyleManifest } from '../../plugins/contract/style.ts';

export const SAMPLE_STYLE: StyleManifest = {
  name: 'blueprint',
  version: '1.0.0',
  title: 'Blueprint',
  description: 'White lines on blue paper.\nFor houses.',
  author: 'Ada Example',
  licence: 'CC-BY-4.0',
  tags: ['line-art', 'blue'],
  triggerWords: ['blueprint of'],
  base: { architecture: 'stable-diffusion-v1', contextWidth: 96 },
  layers: {
    widths: [96, 64, 128],
    structure: [1, 2, 1],
    activation: 'relu',
    layerNorm: false,
    activateOutput: false,
  },
  parameters: [{ name: 'strength', default: 1, minimum: 0, maximum: 2 }],
  blobs: { weights: { sha256: 'a'.repeat(64), size: 1000 }, plugin: null, previews: [] },
};
