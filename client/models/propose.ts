// A model.json for a checkpoint that came without one: what its tensors tell, and for the rest what its family has.
import type { Checkpoint } from './checkpoint.ts';
import { architectureOf } from './checkpoint.ts';
import { ModelError } from './errors.ts';
import type { ModelManifest } from './manifest.ts';
import { TEXT_PREFIX } from './names.ts';

/** CLIP's heads are 64 wide in all text encoders of 1.x and 2.x. */
const TEXT_HEAD_WIDTH = 64;
/** The tensors do not tell these; all models of the families share them. */
const V1_HEADS = 8;
const V2_HEAD_WIDTH = 64;
const LATENT_SCALE = 0.18215;
/** 2.x that predicts the velocity was trained at 768 pixels, all others at 512. */
const V_PIXELS = 768;
const PIXELS = 512;

/** What only the user, a folder or another file can say. */
export interface ManifestFacts {
  readonly name: string;
  /** Paths as they will stand in the manifest. */
  readonly checkpoint: string;
  readonly vae?: string;
  readonly textEncoder?: string;
  readonly previewDecoder?: string;
  readonly tokenizer: ModelManifest['tokenizer'];
  readonly sha256?: string;
  readonly prediction?: ModelManifest['prediction'];
}

/**
 * Proposes the manifest. 2.x without a word about its prediction is taken to predict the velocity, as its 768-pixel
 * checkpoints do; `facts.prediction` or the file's own metadata (`modelspec.prediction_type`) say otherwise. Throws
 * `model/manifest` where the text encoder's width does not divide into CLIP's heads, as in no published model.
 */
export function proposeManifest(checkpoint: Checkpoint, facts: ManifestFacts): ModelManifest {
  const architecture = architectureOf(checkpoint);
  const isV2 = architecture === 'stable-diffusion-v2';
  const prediction = facts.prediction ?? toldPrediction(checkpoint.metadata) ?? (isV2 ? 'v' : 'epsilon');
  const pixels = isV2 && prediction === 'v' ? V_PIXELS : PIXELS;
  const width = checkpoint.entries.get(`${TEXT_PREFIX}.embeddings.token_embedding.weight`)?.shape[1] ?? 0;
  if (width === 0 || width % TEXT_HEAD_WIDTH !== 0) {
    throw new ModelError('manifest', 'the text encoder’s heads cannot be told from its width', {
      where: facts.checkpoint,
      expected: `a multiple of ${TEXT_HEAD_WIDTH}`,
      found: String(width),
      fix: 'Write a model.json that says textEncoderHeads and attentionHeads, and add its folder.',
    });
  }
  return {
    architecture,
    ...facts,
    ...(isV2 ? { attentionHeadWidth: V2_HEAD_WIDTH } : { attentionHeads: V1_HEADS }),
    textEncoderHeads: width / TEXT_HEAD_WIDTH,
    latentScale: LATENT_SCALE,
    prediction,
    defaults: { width: pixels, height: pixels, steps: 20, guidance: 7, sampler: 'dpmpp_2m' },
  };
}

function toldPrediction(metadata: Readonly<Record<string, string>>): ModelManifest['prediction'] | undefined {
  const told = metadata['modelspec.prediction_type'];
  return told === 'epsilon' || told === 'v' ? told : undefined;
}
