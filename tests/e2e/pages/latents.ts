// Runs in a page: the arithmetic of latents on the GPU, alone and under every sampler, and what it leaves behind.
import { DeviceMath } from '../../../client/engine/device-place.ts';
import { GpuArithmetic } from '../../../client/runtime/gpu-arithmetic.ts';
import { live } from '../../../client/runtime/live.ts';
import { findSchedule } from '../../../client/sampling/names.ts';
import { type SigmaSampler, walkSigmas } from '../../../client/sampling/run.ts';
import { noiseSchedule } from '../../../client/sampling/schedule.ts';
import { relativeError } from '../../../client/tensor/tensor.ts';
import type { SamplerCases } from '../../sampling/golden.ts';
import { type MathOutcome, mathOutcome } from '../../sampling/math-cases.ts';
import { toyDenoise } from '../../sampling/toy-network.ts';
import { buffersAlive, watchBuffers } from './gpu-buffers.ts';

/** The cases' outcome, and what is alive before, at the end of, and after the arithmetic. */
export async function outcome(): Promise<{ outcome: MathOutcome; values: number[]; buffers: number[] }> {
  watchBuffers();
  const values = [live().deviceValues];
  const buffers = [buffersAlive().count];
  const arithmetic = await GpuArithmetic.open();
  const math = new DeviceMath(arithmetic);
  const found = await mathOutcome(math);
  values.push(live().deviceValues);
  math.close();
  arithmetic.close();
  values.push(live().deviceValues);
  buffers.push(buffersAlive().count);
  return { outcome: found, values, buffers };
}

/** Relative error of each golden run against k-diffusion, and the values alive after its last step. */
export async function samplerErrors(): Promise<{ sampler: string; error: number; alive: number }[]> {
  const golden = (await (await fetch('/tests/golden/samplers.json')).json()) as SamplerCases;
  const size = golden.x.length;
  const arithmetic = await GpuArithmetic.open();
  const results: { sampler: string; error: number; alive: number }[] = [];
  for (const { sampler, schedule, result } of golden.runs) {
    const math = new DeviceMath(arithmetic);
    const sigmas = noiseSchedule(findSchedule(schedule), golden.steps);
    let draws = 0;
    const x = await walkSigmas({
      math,
      sampler: sampler as SigmaSampler,
      sigmas,
      x: math.weightedSum([sigmas[0]!, math.upload(Float32Array.from(golden.x))]),
      denoise: async (latent, sigma) => math.upload(toyDenoise(golden.W, await math.read(latent), sigma)),
      draw: () => math.upload(Float32Array.from(golden.noise.slice(draws++ * size, draws * size))),
    });
    const error = relativeError(await math.read(x), Float32Array.from(result));
    results.push({ sampler, error, alive: live().deviceValues });
    math.close();
  }
  arithmetic.close();
  return results;
}
