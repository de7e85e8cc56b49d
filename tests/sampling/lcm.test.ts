// Latent consistency sampling against numbers computed from its definition.
import { describe, expect, it } from 'vitest';
import type { UnetRun } from '../../client/sampling/denoiser.ts';
import { timestepToSigma } from '../../client/sampling/diffusion.ts';
import { PLAIN_MATH } from '../../client/sampling/latent.ts';
import { consistent, LCM_LEVELS, lcmTimestep } from '../../client/sampling/lcm.ts';
import { sample } from '../../client/sampling/sample.ts';
import { noiseSchedule } from '../../client/sampling/schedule.ts';
import { relativeError } from '../../client/tensor/tensor.ts';
import { type FewStepsCases, readGolden, type SamplerCases } from './golden.ts';

const golden = readGolden<FewStepsCases>('few-steps.json');
const toy = readGolden<SamplerCases>('samplers.json');
const size = toy.x.length;

/** The stand-in of few-steps.py: ε = tanh(W·x) (0.5 + t / 1000), and 0.8 of it for the negative prompt’s row. */
function network(seen: number[] = []): UnetRun<Float32Array> {
  return async (input, timestep, rows) => {
    seen.push(timestep);
    const plane = size / 4;
    const predicted = input.map((_, i) => {
      const channel = Math.floor(i / plane);
      let mixed = 0;
      for (let c = 0; c < 4; c++) mixed += toy.W[channel]![c]! * input[c * plane + (i % plane)]!;
      return Math.tanh(mixed) * (0.5 + timestep / 1000);
    });
    return rows === 'prompt' ? [predicted] : [predicted, predicted.map((value) => 0.8 * value)];
  };
}

function drawing(unet: UnetRun<Float32Array>, facts: { schedule?: string; steps: number; guidance: number }) {
  let draws = 0;
  const run = sample({
    ...facts,
    math: PLAIN_MATH,
    sampler: 'LCM',
    unet,
    prediction: 'epsilon',
    noise: Float32Array.from(toy.x),
    draw: () => Float32Array.from(toy.noise.slice(draws++ * size, draws * size)),
  });
  return { run, draws: () => draws };
}

describe('LCM', () => {
  it.each(golden.lcm)(
    '$steps steps on $schedule with guidance $guidance are its definition',
    async (facts) => {
      const { run, draws } = drawing(network(), facts);
      expect(relativeError(await run, Float32Array.from(facts.result))).toBeLessThan(2e-6);
      expect(draws()).toBe(facts.noise_draws);
    },
  );

  it('shows the network only timesteps of its teacher, from the most noise on', async () => {
    const [uniform, sgm]: [number[], number[]] = [[], []];
    await drawing(network(uniform), { steps: 4, guidance: 1 }).run;
    await drawing(network(sgm), { schedule: 'sgm_uniform', steps: 4, guidance: 1 }).run;
    expect(uniform).toEqual([999, 679, 339, 19]);
    // The very picks of the authors' own scheduler.
    expect(sgm).toEqual([999, 759, 499, 259]);
  });

  it('has its least noise at timestep 19', () => {
    const sigmas = noiseSchedule('karras', 2, false, LCM_LEVELS);
    expect(lcmTimestep(sigmas[0]!)).toBe(999);
    expect(lcmTimestep(sigmas[1]!)).toBe(19);
    expect(sigmas[1]).toBeCloseTo(timestepToSigma(19), 6);
  });

  it('takes the timestep nearest in ln σ, beyond the ends the end', () => {
    expect([24, 26, 30, 990].map((t) => lcmTimestep(timestepToSigma(t)))).toEqual([19, 19, 39, 999]);
    expect(lcmTimestep(timestepToSigma(0))).toBe(19);
    expect(lcmTimestep(100)).toBe(999);
  });

  it('gives nearly the denoised latent at much noise, and keeps a trace of x at little', () => {
    const [x, denoised] = [Float32Array.of(1), Float32Array.of(0)];
    expect(consistent(PLAIN_MATH, x, denoised, timestepToSigma(999))[0]).toBeCloseTo(0.25 / 9990 ** 2, 12);
    expect(consistent(PLAIN_MATH, x, denoised, timestepToSigma(19))[0]).toBeCloseTo(
      0.25 / (190 ** 2 + 0.25),
      9,
    );
  });
});
