// Tells by tensor names what a file is that holds no part of a Stable Diffusion 1.x or 2.x model.
import type { TensorFile } from '../formats/entry.ts';
import { ModelError } from './errors.ts';

interface Family {
  readonly title: string;
  readonly sign: RegExp;
  readonly fix: string;
}

const OTHER_CHECKPOINT = 'Use a Stable Diffusion 1.x or 2.x checkpoint.';
const ITS_OWN_CHECKPOINT = 'Use the checkpoint that it was made for.';

/** In order: the first whose sign is on any tensor wins. */
const OTHER_FAMILIES: readonly Family[] = [
  {
    title: 'a Stable Diffusion XL model',
    sign: /^conditioner\.embedders\.|\blabel_emb\.|^add_embedding\.linear_1\./,
    fix: OTHER_CHECKPOINT,
  },
  {
    title: 'a Stable Diffusion 3 model',
    sign: /\bjoint_blocks\.|^transformer_blocks\.\d+\.attn\.add_q_proj\./,
    fix: OTHER_CHECKPOINT,
  },
  {
    title: 'a Flux model',
    sign: /\bdouble_blocks\.|^single_transformer_blocks\./,
    fix: OTHER_CHECKPOINT,
  },
  {
    title: 'a Stable Cascade model',
    sign: /\b(clip_txt_pooled_mapper|effnet_mapper|clip_img_mapper)\b|^down_blocks\.\d+\.\d+\.channelwise\./,
    fix: OTHER_CHECKPOINT,
  },
  { title: 'an AuraFlow model', sign: /\bdouble_layers\./, fix: OTHER_CHECKPOINT },
  {
    title: 'a diffusion transformer (PixArt, Hunyuan or a like one)',
    sign: /\b(t_embedder|mlp_t5|cap_embedder|scale_shift_table)\b/,
    fix: OTHER_CHECKPOINT,
  },
  { title: 'a video model', sign: /\.(time_stack|time_mixer|motion_modules)\./, fix: OTHER_CHECKPOINT },
  { title: 'a ControlNet', sign: /^control_model\.|^controlnet_/, fix: ITS_OWN_CHECKPOINT },
  {
    title: 'a LoRA',
    sign: /^lora_(unet|te)|\.lora_(down|up|A|B)\.|\.lora\.(down|up)\./,
    fix: ITS_OWN_CHECKPOINT,
  },
  {
    title: 'a hypernetwork',
    sign: /^\d+\.(0|1)\.(linear\.\d+|linear[12])\.|^\d+\.[kv]\.linear\.\d+\./,
    fix: 'It is a style, not a model: use it as one.',
  },
  {
    title: 'an embedding',
    sign: /^(emb_params|string_to_param\..+)$/,
    fix: 'It is a word for prompts, not a model.',
  },
];

/** Throws `model/unsupported`, naming what the file is, where a tensor has the sign of another family. */
export function refuseOtherFamilies(file: TensorFile): void {
  const names = [...file.entries.keys()];
  for (const { title, sign, fix } of OTHER_FAMILIES) {
    const found = names.find((name) => sign.test(name));
    if (found === undefined) continue;
    throw new ModelError('unsupported', `this is ${title}`, {
      where: file.source.name,
      expected: 'a Stable Diffusion 1.x or 2.x checkpoint, or a part of one',
      found: `tensor ${found}`,
      fix,
    });
  }
}

/** Throws `model/unsupported` for a file that holds nothing of a model; call it after `refuseOtherFamilies`. */
export function refuseStrangeFile(file: TensorFile): never {
  const names = [...file.entries.keys()];
  throw new ModelError('unsupported', 'this file holds no part of a model that Tincture knows', {
    where: file.source.name,
    expected: 'a Stable Diffusion 1.x or 2.x checkpoint, or its UNet, text encoder or VAE',
    found: names.length === 0 ? 'no tensors' : `${names.length} tensors, the first being ${names[0]}`,
    fix: OTHER_CHECKPOINT,
  });
}
