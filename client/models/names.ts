// Tensor names of a single-file Stable Diffusion v1 checkpoint, as CompVis's code spells them.

export const UNET_PREFIX = 'model.diffusion_model';
export const TEXT_PREFIX = 'cond_stage_model.transformer';
export const VAE_PREFIX = 'first_stage_model';

/** Tensors that real checkpoints carry below the three prefixes and that no forward pass reads. */
const IGNORED = [
  /\.position_ids$/,
  /^first_stage_model\.(loss|model_ema)\./,
  /^cond_stage_model\.transformer\.(text_projection|visual_projection|vision_model)\b/,
  /^cond_stage_model\.(transformer\.)?logit_scale$/,
];

/**
 * Whether the tensor lies in a part of the file that we build from, so that leaving it unused would change the
 * picture. Schedules (`betas`, `alphas_cumprod`, `sqrt_…`), `model_ema.…` and optimizer states lie outside.
 */
export function mustBeUsed(name: string): boolean {
  const ours = [UNET_PREFIX, 'cond_stage_model', VAE_PREFIX].some((prefix) => name.startsWith(`${prefix}.`));
  return ours && !IGNORED.some((pattern) => pattern.test(name));
}
