// The names that graphs ask tensors by: those of a single-file checkpoint as CompVis's code spells them.

export const UNET_PREFIX = 'model.diffusion_model';
export const TEXT_PREFIX = 'cond_stage_model.transformer.text_model';
export const VAE_PREFIX = 'first_stage_model';

/** The three networks of a model; each may come from a file of its own. */
export type PartName = 'unet' | 'text' | 'vae';

export const PART_PREFIX: Readonly<Record<PartName, string>> = {
  unet: UNET_PREFIX,
  text: TEXT_PREFIX,
  vae: VAE_PREFIX,
};

/** What people call the parts. */
export const PART_TITLE: Readonly<Record<PartName, string>> = {
  unet: 'UNet',
  text: 'text encoder',
  vae: 'VAE',
};

/** Tensors that real checkpoints carry below the three prefixes and that no forward pass reads. */
const IGNORED = [
  /\.position_ids$/,
  /^first_stage_model\.(loss|model_ema)\./,
  /^cond_stage_model\.transformer\.text_model\.(text_projection|visual_projection|vision_model|logit_scale)\b/,
];

/**
 * Whether the tensor lies in a part that we build from, so that leaving it unused would change the picture. Schedules
 * (`betas`, `alphas_cumprod`, `sqrt_…`), `model_ema.…` and optimizer states lie outside.
 */
export function mustBeUsed(name: string): boolean {
  const ours = [UNET_PREFIX, 'cond_stage_model', VAE_PREFIX].some((prefix) => name.startsWith(`${prefix}.`));
  return ours && !IGNORED.some((pattern) => pattern.test(name));
}
