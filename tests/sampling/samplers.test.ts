// Samplers and schedules against k-diffusion's numbers.
import { describe, expect, it } from 'vitest';
import { SIGMA_MAX, SIGMA_MIN, sigmaToTimestep, timestepToSigma } from '../../client/sampling/diffusion.ts';
import { PLAIN_MATH } from '../../client/sampling/latent.ts';
import { LCM_LEVELS } from '../../client/sampling/lcm.ts';
import { findSchedule, SAMPLERS, SCHEDULES } from '../../client/sampling/names.ts';
import { type SigmaSampler, type StepDone, walkSigmas } from '../../client/sampling/run.ts';
import { noiseSchedule, TRAINED_LEVELS } from '../../client/sampling/schedule.ts';
import { relativeError } from '../../client/tensor/tensor.ts';
import { type FewStepsCases, readGolden, type SamplerCases } from './golden.ts';
import { toyDenoise as denoiseToy } from './toy-network.ts';

const golden = readGolden<SamplerCases>('samplers.json');
const fewSteps = readGolden<FewStepsCases>('few-steps.json');
const runs = [...golden.runs, ...fewSteps.runs];
const size = golden.x.length;

async function toyDenoise(x: Float32Array, sigma: number): Promise<Float32Array> {
  return denoiseToy(golden.W, x, sigma);
}

function toyWalk(sampler: string, schedule: string) {
  const sigmas = noiseSchedule(findSchedule(schedule), golden.steps);
  let draws = 0;
  return {
    math: PLAIN_MATH,
    sampler: sampler as SigmaSampler,
    sigmas,
    x: Float32Array.from(golden.x, (value) => value * sigmas[0]!),
    denoise: toyDenoise,
    draw: () => Float32Array.from(golden.noise.slice(draws++ * size, draws * size)),
    draws: () => draws,
  };
}

describe('noiseSchedule', () => {
  it.each(Object.keys(golden.sigmas).map(findSchedule))('%s agrees with k-diffusion', (key) => {
    const sigmas = noiseSchedule(key, golden.steps);
    expect(sigmas.length).toBe(golden.steps + 1);
    expect(relativeError(sigmas, Float32Array.from(golden.sigmas[key]!))).toBeLessThan(2e-6);
    expect(sigmas[golden.steps]).toBe(0);
  });

  it.each(fewSteps.schedules)('$schedule of $steps over the $levels levels is its definition', (is) => {
    const levels = { trained: TRAINED_LEVELS, lcm: LCM_LEVELS }[is.levels];
    const sigmas = noiseSchedule(findSchedule(is.schedule), is.steps, false, levels);
    expect(relativeError(sigmas, Float32Array.from(is.sigmas))).toBeLessThan(2e-6);
  });

  it('is compared with other programs’ numbers for every schedule', () => {
    const tested = [...Object.keys(golden.sigmas), ...fewSteps.schedules.map(({ schedule }) => schedule)];
    expect(new Set(tested)).toEqual(new Set(SCHEDULES.map(({ key }) => key)));
  });

  it('ends where the network was trained', () => {
    expect(SIGMA_MIN).toBeCloseTo(golden.sigma_min, 6);
    expect(SIGMA_MAX).toBeCloseTo(golden.sigma_max, 4);
  });

  it('leaves out the last but one σ when asked', () => {
    const longer = noiseSchedule('karras', 9);
    expect([...noiseSchedule('karras', 8, true)]).toEqual([...longer.slice(0, 8), 0]);
  });

  it('of one step starts at the most noise', () => {
    for (const { key } of SCHEDULES) expect([...noiseSchedule(key, 1)]).toEqual([Math.fround(SIGMA_MAX), 0]);
  });

  it.each([0, -1, 1.5, 1001, Number.NaN])('refuses %s steps', (steps) => {
    expect(() => noiseSchedule('karras', steps)).toThrow(/expected a whole number from 1 to 1000/);
  });
});

describe('σ and t', () => {
  it('are inverse', () => {
    for (const t of [0, 0.25, 1, 17.5, 500, 998.75, 999]) {
      expect(sigmaToTimestep(timestepToSigma(t))).toBeCloseTo(t, 3);
    }
  });

  it('are clamped to the trained timesteps', () => {
    expect(sigmaToTimestep(1e-3)).toBe(0);
    expect(sigmaToTimestep(100)).toBe(999);
  });
});

describe('walkSigmas', () => {
  it.each(runs)('$sampler on $schedule agrees with k-diffusion', async (run) => {
    const walk = toyWalk(run.sampler, run.schedule);
    const result = await walkSigmas(walk);
    expect(relativeError(result, Float32Array.from(run.result))).toBeLessThan(1e-4);
    expect(walk.draws()).toBe(run.noise_draws);
  });

  it('covers every sampler but DDIM', () => {
    const tested = new Set(runs.map(({ sampler }) => sampler));
    expect(new Set(SAMPLERS.map(({ key }) => key).filter((key) => key !== 'ddim'))).toEqual(tested);
  });

  it.each(SAMPLERS.filter(({ key }) => key !== 'ddim'))(
    '$key runs the network as often as it says',
    async (sampler) => {
      let runs = 0;
      const walk = toyWalk(sampler.key, 'karras');
      const denoise = (x: Float32Array, sigma: number) => {
        runs++;
        return toyDenoise(x, sigma);
      };
      await walkSigmas({ ...walk, denoise });
      expect(runs).toBe(sampler.runsPerStep * golden.steps - (sampler.runsPerStep - 1));
      expect(walk.draws() > 0).toBe(sampler.ancestral);
    },
  );

  it('reports each step with the latent and the guess', async () => {
    const walk = toyWalk('euler', 'karras');
    const seen: StepDone<Float32Array>[] = [];
    const result = await walkSigmas({ ...walk, onStep: (done) => void seen.push(done) });
    expect(seen.map(({ step, steps }) => [step, steps])).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((step) => [step, 8]),
    );
    expect(seen[0]!.denoised).toEqual(await toyDenoise(walk.x, walk.sigmas[0]!));
    expect(seen[7]!.latents).toBe(result);
  });

  it('stops between the two runs of one step when aborted', async () => {
    const controller = new AbortController();
    let runs = 0;
    const denoise = async (x: Float32Array, sigma: number) => {
      if (++runs === 3) controller.abort(new Error('enough'));
      return toyDenoise(x, sigma);
    };
    const walk = walkSigmas({ ...toyWalk('heun', 'karras'), denoise, signal: controller.signal });
    await expect(walk).rejects.toThrow('enough');
    expect(runs).toBe(3);
  });

  it('names the step at which the network broke down', async () => {
    const denoise = async (x: Float32Array, sigma: number, step: number) =>
      step === 2 ? x.map(() => Number.NaN) : toyDenoise(x, sigma);
    await expect(walkSigmas({ ...toyWalk('euler', 'karras'), denoise })).rejects.toThrow(
      /not a number after step 3 of 8.*lower the strength/,
    );
  });
});
