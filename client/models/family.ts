// Tells by tensor names what a file is, before anything is built from it.
import type { TensorFile } from '../formats/entry.ts';
import { ModelError } from './errors.ts';
import { TEXT_PREFIX, UNET_PREFIX, VAE_PREFIX } from './names.ts';

interface Family {
  readonly title: string;
  readonly sign: RegExp;
  readonly fix: string;
}

/** In order: the first whose sign is on any tensor wins. */
const OTHER_FAMILIES: readonly Family[] = [
  {
    title: 'a Stable Diffusion XL checkpoint',
    sign: /^conditioner\.embedders\.|^model\.diffusion_model\.label_emb\./,
    fix: 'Use a Stable Diffusion 1.x checkpoint.',
  },
  {
    title: 'a Stable Diffusion 2.x checkpoint',
    sign: /^cond_stage_model\.model\./,
    fix: 'Use a Stable Diffusion 1.x checkpoint.',
  },
  {
    title: 'a Stable Diffusion 3 or Flux checkpoint',
    sign: /^(model\.diffusion_model\.)?(joint_blocks|double_blocks)\./,
    fix: 'Use a Stable Diffusion 1.x checkpoint.',
  },
  {
    title: 'a ControlNet',
    sign: /^control_model\.|^controlnet_/,
    fix: 'Use the checkpoint that it was made for.',
  },
  {
    title: 'a LoRA',
    sign: /^lora_(unet|te)|\.lora_(down|up|A|B)\./,
    fix: 'Use the checkpoint that it was made for.',
  },
  {
    title: 'a part of a model in the diffusers layout',
    sign: /^(down_blocks|text_model|encoder\.down_blocks)\./,
    fix: 'Use the single-file checkpoint of the same model.',
  },
];

/** Throws `model/unsupported`, naming what the file is instead, unless it holds all parts of a v1 checkpoint. */
export function requireStableDiffusion1(file: TensorFile): void {
  const names = [...file.entries.keys()];
  for (const { title, sign, fix } of OTHER_FAMILIES) {
    const found = names.find((name) => sign.test(name));
    if (found !== undefined) {
      throw new ModelError('unsupported', `this is ${title}`, {
        where: file.source.name,
        expected: 'a single-file Stable Diffusion 1.x checkpoint',
        found: `tensor ${found}`,
        fix,
      });
    }
  }
  for (const prefix of [UNET_PREFIX, TEXT_PREFIX, VAE_PREFIX]) {
    if (!names.some((name) => name.startsWith(`${prefix}.`))) {
      throw new ModelError('unsupported', 'a part of the model is not in this file', {
        where: file.source.name,
        expected: `tensors that begin with ${prefix}.`,
        found: names.length === 0 ? 'no tensors' : `${names.length} tensors, the first being ${names[0]}`,
        fix: 'Use a single-file Stable Diffusion 1.x checkpoint with UNet, text encoder and VAE.',
      });
    }
  }
}
