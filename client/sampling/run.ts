// Runs a k-diffusion sampler over a schedule of noise levels.

import { dpmpp2m, dpmpp2mSde, dpmpp2sAncestral } from './dpmpp.ts';
import { SamplingError } from './error.ts';
import { euler, eulerAncestral } from './euler.ts';
import { isAllFinite } from './latent.ts';
import { lcm } from './lcm.ts';
import { lms } from './lms.ts';
import type { SamplerKey } from './names.ts';
import { dpm2, dpm2Ancestral, heun } from './second-order.ts';
import type { StepRule } from './step.ts';

/** Those of the samplers that walk down noise levels; DDIM walks timesteps. */
export type SigmaSampler = Exclude<SamplerKey, 'ddim'>;

const RULES: Readonly<Record<SigmaSampler, () => StepRule>> = {
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
export interface StepDone {
  /** Steps done, from 1, and in all. */
  readonly step: number;
  readonly steps: number;
  /** The latent after the step. */
  readonly latents: Float32Array;
  /** The network's guess of the clean latent in this step: the better preview. */
  readonly denoised: Float32Array;
}

export interface WalkOptions {
  /** Checked before every run of the network; the walk then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((done: StepDone) => void) | undefined;
}

export interface SigmaWalk extends WalkOptions {
  readonly sampler: SigmaSampler;
  /** Falling noise levels with a closing 0, from `noiseSchedule`. */
  readonly sigmas: Float32Array;
  /** The start: normal noise times `sigmas[0]`. */
  readonly x: Float32Array;
  /** Step is the number of the step that asks, from 0; second-order samplers ask twice in one. */
  readonly denoise: (x: Float32Array, sigma: number, step: number) => Promise<Float32Array>;
  /** The next draw of normal noise of the size of x; only ancestral samplers call it, once a step but the last. */
  readonly draw: () => Float32Array;
}

/** Walks from x down to no noise and gives the final latent. Throws `sampling/non-finite` when the network breaks down. */
export async function walkSigmas(walk: SigmaWalk): Promise<Float32Array> {
  const { sigmas, signal, draw, onStep } = walk;
  const rule = RULES[walk.sampler]();
  const steps = sigmas.length - 1;
  let x = walk.x;
  for (let index = 0; index < steps; index++) {
    const sigma = sigmas[index]!;
    const denoise = async (latent: Float32Array, level: number) => {
      signal?.throwIfAborted();
      return walk.denoise(latent, level, index);
    };
    const denoised = await denoise(x, sigma);
    x = await rule({ index, sigmas, sigma, next: sigmas[index + 1]!, x, denoised, denoise, draw });
    signal?.throwIfAborted();
    checkFinite(x, index + 1, steps);
    onStep?.({ step: index + 1, steps, latents: x, denoised });
  }
  return x;
}

/** Throws `sampling/non-finite` naming the step. */
export function checkFinite(latents: Float32Array, step: number, steps: number): void {
  if (isAllFinite(latents)) return;
  throw new SamplingError(
    'sampling/non-finite',
    `the latent is not a number after step ${step} of ${steps}`,
    {
      fix: 'A style at too high a strength or a damaged checkpoint does this: lower the strength or leave styles out one by one.',
    },
  );
}
