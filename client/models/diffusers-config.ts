// A model.json for a folder in the diffusers layout, from the folder's own descriptions.
import { ModelError } from './errors.ts';
import { type ModelManifest, parseModelManifest } from './manifest.ts';

/** Parsed JSON of the layout, still unchecked; those that are not there are undefined. */
export interface DiffusersConfigs {
  /** `unet/config.json` */
  readonly unet: unknown;
  /** `text_encoder/config.json` */
  readonly textEncoder: unknown;
  /** `vae/config.json` */
  readonly vae: unknown;
  /** `scheduler/scheduler_config.json` */
  readonly scheduler: unknown;
}

/** A folder in the layout, wherever it lies; paths begin inside it. */
export interface DiffusersFolder {
  /** For errors. */
  readonly where: string;
  has(path: string): boolean | Promise<boolean>;
  /** Parsed; undefined where it is not there. */
  json(path: string): Promise<unknown>;
}

/** Weights files of each part in the order in which they are looked for, and the other files of the layout. */
export const DIFFUSERS_FILES = {
  index: 'model_index.json',
  configs: {
    unet: 'unet/config.json',
    textEncoder: 'text_encoder/config.json',
    vae: 'vae/config.json',
    scheduler: 'scheduler/scheduler_config.json',
  },
  weights: {
    checkpoint: weights('unet', 'diffusion_pytorch_model'),
    textEncoder: weights('text_encoder', 'model', 'pytorch_model'),
    vae: weights('vae', 'diffusion_pytorch_model'),
  },
  tokenizer: { vocab: 'tokenizer/vocab.json', merges: 'tokenizer/merges.txt' },
} as const;

function weights(folder: string, stem: string, pickled = stem): readonly string[] {
  return [`${stem}.safetensors`, `${stem}.fp16.safetensors`, `${pickled}.bin`].map(
    (file) => `${folder}/${file}`,
  );
}

const DEFAULT_SCALE = 0.18215;
const LATENT_FACTOR = 8;
const DEFAULT_SAMPLE = 64;
const DEFAULT_HEADS = 8;

/**
 * The manifest of a folder, with the weights that it has. Throws `model/missing-part` where a part has none, and what
 * `diffusersManifest` throws.
 */
export async function readDiffusersFolder(name: string, folder: DiffusersFolder): Promise<ModelManifest> {
  const { configs, weights } = DIFFUSERS_FILES;
  const first = async (paths: readonly string[]): Promise<string> => {
    for (const path of paths) if (await folder.has(path)) return path;
    throw new ModelError('missing-part', 'a part of the model has no weights', {
      where: folder.where,
      expected: paths.join(' or '),
    });
  };
  const described = {
    unet: await folder.json(configs.unet),
    textEncoder: await folder.json(configs.textEncoder),
    vae: await folder.json(configs.vae),
    scheduler: await folder.json(configs.scheduler),
  };
  return diffusersManifest(name, described, {
    checkpoint: await first(weights.checkpoint),
    textEncoder: await first(weights.textEncoder),
    vae: await first(weights.vae),
  });
}

/**
 * The manifest of a folder whose weights are `files`. The layout calls the number of heads `attention_head_dim` (a list
 * where levels differ, which means heads of one width). Throws `model/manifest` naming what is wrong.
 */
export function diffusersManifest(
  name: string,
  configs: DiffusersConfigs,
  files: { readonly checkpoint: string; readonly textEncoder: string; readonly vae: string },
): ModelManifest {
  const unet = record(configs.unet, DIFFUSERS_FILES.configs.unet);
  const text = record(configs.textEncoder, DIFFUSERS_FILES.configs.textEncoder);
  const vae = record(configs.vae ?? {}, DIFFUSERS_FILES.configs.vae);
  const scheduler = record(configs.scheduler ?? {}, DIFFUSERS_FILES.configs.scheduler);
  const pixels = LATENT_FACTOR * Number(unet['sample_size'] ?? DEFAULT_SAMPLE);
  const manifest = {
    name,
    architecture: text['hidden_act'] === 'gelu' ? 'stable-diffusion-v2' : 'stable-diffusion-v1',
    ...files,
    tokenizer: DIFFUSERS_FILES.tokenizer,
    ...headsOf(unet),
    textEncoderHeads: text['num_attention_heads'],
    latentScale: vae['scaling_factor'] ?? DEFAULT_SCALE,
    prediction: predictionOf(scheduler['prediction_type']),
    defaults: { width: pixels, height: pixels, ...stepsOf(scheduler) },
  };
  return parseModelManifest(manifest, `the configs of ${name}`);
}

function headsOf(unet: Record<string, unknown>): Record<string, unknown> {
  const heads = unet['num_attention_heads'] ?? unet['attention_head_dim'] ?? DEFAULT_HEADS;
  if (!Array.isArray(heads)) return { attentionHeads: heads };
  const channels = Array.isArray(unet['block_out_channels']) ? unet['block_out_channels'] : [];
  const widths = heads.map((count, level) => Number(channels[level]) / Number(count));
  if (widths.length > 0 && widths.every((width) => width === widths[0]))
    return { attentionHeadWidth: widths[0] };
  throw new ModelError('manifest', 'the levels’ heads are neither of one number nor of one width', {
    where: DIFFUSERS_FILES.configs.unet,
    expected: 'attention_head_dim that divides block_out_channels into equal widths',
    found: JSON.stringify(heads).slice(0, 100),
  });
}

/** What the scheduler tells of the steps: a consistency model is drawn in four, without guidance. */
function stepsOf(scheduler: Record<string, unknown>): Record<string, unknown> {
  if (scheduler['_class_name'] === 'LCMScheduler') return { steps: 4, guidance: 1, sampler: 'lcm' };
  const trailing = scheduler['timestep_spacing'] === 'trailing';
  return { steps: 20, guidance: 7, sampler: 'dpmpp_2m', ...(trailing && { schedule: 'sgm_uniform' }) };
}

function predictionOf(type: unknown): string {
  if (type === undefined || type === 'epsilon') return 'epsilon';
  if (type === 'v_prediction') return 'v';
  throw new ModelError('unsupported', 'the model predicts something that no sampler here takes', {
    where: DIFFUSERS_FILES.configs.scheduler,
    expected: 'prediction_type epsilon or v_prediction',
    found: String(type).slice(0, 100),
  });
}

function record(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new ModelError('manifest', 'a description of the diffusers layout is missing or no object', {
    where,
  });
}
