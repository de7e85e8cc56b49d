// Runs a k-diffusion sampler over a schedule of noise levels.

import { dpmpp2m, dpmpp2mSde, dpmpp2sAncestral } from './dpmpp.ts';
import { SamplingError } from './error.ts';
import { euler, eulerAncestral } from './euler.ts';
import type { Latent, LatentMath } from './latent.ts';
import { lcm } from './lcm.ts';
import { lms } from './lms.ts';
import type { SamplerKey } from './names.ts';
import { dpm2, dpm2Ancestral, heun } from './second-order.ts';
import type { StepRule } from './step.ts';

/** Those of the samplers that walk down noise levels; DDIM walks timesteps. */
export type SigmaSampler = Exclude<SamplerKey, 'ddim'>;

const RULES: Readonly<Record<SigmaSampler, <L extends Latent>() => StepRule<L>>> = {
  euler,
  euler_ancestral: eulerAncestral,
  heun,
  dpm_2: dpm2,
  dpm_2_ancestral: dpm2Ancestral,
  lms,
  dpmpp_2s_ancestral: dpmpp2sAncestral,
  dpmpp_2m: dpmpp2m,
  dpmpp_2m_sde: dpmpp2mSde,
  lcm,
};

/** What is known after a step. */
export interface StepDone<L> {
  /** Steps done, from 1, and in all. */
  readonly step: number;
  readonly steps: number;
  /** The latent after the step. */
  readonly latents: L;
  /** The network's guess of the clean latent in this step: the better preview. */
  readonly denoised: L;
}

export interface WalkOptions<L> {
  /** Checked before every run of the network; the walk then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** The walk waits for it; the latents that it is given live until then. */
  readonly onStep?: ((done: StepDone<L>) => Promise<void> | void) | undefined;
}

export interface SigmaWalk<L extends Latent> extends WalkOptions<L> {
  readonly math: LatentMath<L>;
  readonly sampler: SigmaSampler;
  /** Falling noise levels with a closing 0, from `noiseSchedule`. */
  readonly sigmas: Float32Array;
  /** The start: normal noise times `sigmas[0]`. */
  readonly x: L;
  /** Step is the number of the step that asks, from 0; second-order samplers ask twice in one. */
  readonly denoise: (x: L, sigma: number, step: number) => Promise<L>;
  /** The next draw of normal noise of the size of x; only ancestral samplers call it, once a step but the last. */
  readonly draw: () => L;
}

/** Walks from x down to no noise and gives the final latent. Throws `sampling/non-finite` when the network breaks down. */
export async function walkSigmas<L extends Latent>(walk: SigmaWalk<L>): Promise<L> {
  const { math, sigmas, signal, draw, onStep } = walk;
  const rule = RULES[walk.sampler]<L>();
  const steps = sigmas.length - 1;
  let x = walk.x;
  let remembered: readonly L[] = [];
  const remember = (...latents: readonly L[]): void => {
    remembered = latents;
  };
  for (let index = 0; index < steps; index++) {
    const sigma = sigmas[index]!;
    const denoise = async (latent: L, level: number) => {
      signal?.throwIfAborted();
      return walk.denoise(latent, level, index);
    };
    const denoised = await denoise(x, sigma);
    const next = sigmas[index + 1]!;
    x = await rule({ math, index, sigmas, sigma, next, x, denoised, denoise, draw, remember });
    signal?.throwIfAborted();
    await checkFinite(math, x, index + 1, steps);
    await onStep?.({ step: index + 1, steps, latents: x, denoised });
    math.sweep([x, ...remembered]);
  }
  return x;
}

/** Throws `sampling/non-finite` naming the step. */
export async function checkFinite<L extends Latent>(
  math: LatentMath<L>,
  latents: L,
  step: number,
  steps: number,
): Promise<void> {
  if (await math.isFinite(latents)) return;
  throw new SamplingError(
    'sampling/non-finite',
    `the latent is not a number after step ${step} of ${steps}`,
    {
      fix: 'A style at too high a strength or a damaged checkpoint does this: lower the strength or leave styles out one by one.',
    },
  );
}
