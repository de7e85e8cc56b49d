// DDIM (Song et al. 2020), deterministic (η = 0), over evenly spaced timesteps.
import { ALPHAS_CUMULATIVE, TRAINING_STEPS } from './diffusion.ts';
import type { Latent, LatentMath } from './latent.ts';
import { checkFinite, type WalkOptions } from './run.ts';
import { checkSteps } from './schedule.ts';

/**
 * Timesteps in rising order: 1, c + 1, 2c + 1, … with c = ⌊1000 / steps⌋, none above 999. Where `steps` does not divide
 * 1000 there is room for more than `steps` of them, and the reference takes them all: 30 steps are 31.
 */
export function ddimTimesteps(steps: number): number[] {
  checkSteps(steps);
  const stride = Math.floor(TRAINING_STEPS / steps);
  const timesteps: number[] = [];
  for (let t = 0; t < TRAINING_STEPS; t += stride) timesteps.push(Math.min(t + 1, TRAINING_STEPS - 1));
  return timesteps;
}

export interface DdimWalk<L extends Latent> extends WalkOptions<L> {
  readonly math: LatentMath<L>;
  /** Rising, of `ddimTimesteps`; walked from the last to the first. */
  readonly timesteps: readonly number[];
  /** The start: normal noise, not scaled, or a latent under that of the last timestep. */
  readonly x: L;
  /** The network's guess of the noise in x at a whole timestep. */
  readonly predictNoise: (x: L, timestep: number, step: number) => Promise<L>;
}

/** x₀ = (x − √(1−ᾱ) ε) / √ᾱ, then x′ = √ᾱ′ x₀ + √(1−ᾱ′) ε, from the last timestep to the first; before the first, ᾱ′ = ᾱ(0). */
export async function walkDdim<L extends Latent>(walk: DdimWalk<L>): Promise<L> {
  const { math, timesteps } = walk;
  const steps = timesteps.length;
  let x = walk.x;
  for (let step = 1; step <= steps; step++) {
    const index = steps - step;
    const timestep = timesteps[index]!;
    walk.signal?.throwIfAborted();
    const noise = await walk.predictNoise(x, timestep, step - 1);
    walk.signal?.throwIfAborted();
    const alpha = ALPHAS_CUMULATIVE[timestep]!;
    const alphaNext = ALPHAS_CUMULATIVE[timesteps[index - 1] ?? 0]!;
    const denoised = math.weightedSum([1 / Math.sqrt(alpha), x], [-Math.sqrt((1 - alpha) / alpha), noise]);
    x = math.weightedSum([Math.sqrt(alphaNext), denoised], [Math.sqrt(1 - alphaNext), noise]);
    await checkFinite(math, x, step, steps);
    await walk.onStep?.({ step, steps, latents: x, denoised });
    math.sweep([x]);
  }
  return x;
}
