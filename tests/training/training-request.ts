// A request for the golden model, and its tokenizer.
import { fileSource } from '../../client/formats/node-file.ts';
import { createTokenizer, type Tokenizer } from '../../client/prompt/tokenizer.ts';
import { freshDescription } from '../../client/training/description.ts';
import type { TrainingRequest } from '../../client/training/request.ts';

const FOLDER = new URL('../golden/sd-tiny/', import.meta.url).pathname;

export const TRAINING_REQUEST: TrainingRequest = {
  kind: 'hypernetwork',
  name: 'mine',
  steps: 4,
  rate: '1e-2:3, 1e-3',
  warmup: 0,
  batch: 1,
  accumulation: 1,
  clipping: { kind: 'none', limit: 1 },
  weightDecay: undefined,
  minSnr: undefined,
  ema: undefined,
  snrFloor: undefined,
  spreadTimesteps: false,
  rollouts: 0,
  seed: 5n,
  size: { width: 64, height: 64 },
  crop: 'centre',
  buckets: false,
  flip: false,
  alpha: false,
  sampled: false,
  templates: [],
  shuffleTags: false,
  tagDropout: 0,
  emptyShare: 0,
  holdBack: 0,
  memory: undefined,
  widths: undefined,
  description: freshDescription({
    name: 'mine',
    layerStructure: [1, 2, 1],
    activation: 'relu',
    initialization: 'Normal',
    layerNorm: false,
    activateOutput: false,
    dropout: undefined,
  }),
  vectors: 1,
  startWords: '*',
};

export async function goldenTokenizer(): Promise<Tokenizer> {
  const text = async (name: string) => {
    const file = await fileSource(`${FOLDER}${name}`);
    return new TextDecoder().decode(await file.read(0, file.size));
  };
  return createTokenizer(await text('vocab.json'), await text('merges.txt'));
}
