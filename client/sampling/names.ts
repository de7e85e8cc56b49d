// The samplers and schedules by name: a key for programs, a title as AUTOMATIC1111's web UI writes it.
import { SamplingError } from './error.ts';

export type SamplerKey =
  | 'ddim' | 'euler' | 'euler_ancestral' | 'heun' | 'dpm_2' | 'dpm_2_ancestral' | 'lms'
  | 'dpmpp_2s_ancestral' | 'dpmpp_2m' | 'dpmpp_2m_sde' | 'lcm'; // biome-ignore format: a table
export type Schedule = 'discrete' | 'karras' | 'exponential' | 'sgm_uniform';

export interface Sampler {
  readonly key: SamplerKey;
  readonly title: string;
  /** What the web UI's "Automatic" picks; undefined where the sampler has timesteps of its own. */
  readonly defaultSchedule: Schedule | undefined;
  /** UNet runs a step; the last step of second-order samplers takes one. */
  readonly runsPerStep: 1 | 2;
  /** Draws new noise in each step, so that the picture keeps changing with the number of steps. */
  readonly ancestral: boolean;
}

export const SAMPLERS: readonly Sampler[] = [
  { key: 'ddim', title: 'DDIM', defaultSchedule: undefined, runsPerStep: 1, ancestral: false },
  { key: 'euler', title: 'Euler', defaultSchedule: 'discrete', runsPerStep: 1, ancestral: false },
  { key: 'euler_ancestral', title: 'Euler a', defaultSchedule: 'discrete', runsPerStep: 1, ancestral: true },
  { key: 'heun', title: 'Heun', defaultSchedule: 'discrete', runsPerStep: 2, ancestral: false },
  { key: 'dpm_2', title: 'DPM2', defaultSchedule: 'karras', runsPerStep: 2, ancestral: false },
  { key: 'dpm_2_ancestral', title: 'DPM2 a', defaultSchedule: 'karras', runsPerStep: 2, ancestral: true },
  { key: 'lms', title: 'LMS', defaultSchedule: 'discrete', runsPerStep: 1, ancestral: false },
  { key: 'dpmpp_2s_ancestral', title: 'DPM++ 2S a', defaultSchedule: 'karras', runsPerStep: 2, ancestral: true },
  { key: 'dpmpp_2m', title: 'DPM++ 2M', defaultSchedule: 'karras', runsPerStep: 1, ancestral: false },
  { key: 'dpmpp_2m_sde', title: 'DPM++ 2M SDE', defaultSchedule: 'exponential', runsPerStep: 1, ancestral: true },
  { key: 'lcm', title: 'LCM', defaultSchedule: 'discrete', runsPerStep: 1, ancestral: true },
]; // biome-ignore format: a table

/**
 * `Uniform` is the web UI's word for timesteps that are evenly spaced, which k-diffusion calls discrete. `SGM Uniform` spaces them from
 * the most noise on and takes none at the least: diffusers' `trailing`, which models distilled to a few steps are made for.
 */
export const SCHEDULES: readonly { readonly key: Schedule; readonly title: string }[] = [
  { key: 'discrete', title: 'Uniform' },
  { key: 'karras', title: 'Karras' },
  { key: 'exponential', title: 'Exponential' },
  { key: 'sgm_uniform', title: 'SGM Uniform' },
];

/** Finds a sampler by key or title, whatever the case, spaces, hyphens and underscores. Throws `sampling/sampler` naming the choices. */
export function findSampler(name: string): Sampler {
  const found = SAMPLERS.find(({ key, title }) => [plain(key), plain(title)].includes(plain(name)));
  if (found !== undefined) return found;
  throw new SamplingError('sampling/sampler', 'no such sampler', {
    expected: `one of ${SAMPLERS.map(({ key, title }) => `${key} (${title})`).join(', ')}`,
    found: quoted(name),
  });
}

/** Finds a schedule by key or title in the same tolerant way. Throws `sampling/schedule` naming the choices. */
export function findSchedule(name: string): Schedule {
  const found = SCHEDULES.find(({ key, title }) => [plain(key), plain(title)].includes(plain(name)));
  if (found !== undefined) return found.key;
  throw new SamplingError('sampling/schedule', 'no such noise schedule', {
    expected: `one of ${SCHEDULES.map(({ key, title }) => `${key} (${title})`).join(', ')}`,
    found: quoted(name),
  });
}

/** A sampler with the schedule that it runs on. */
export interface Sampling {
  readonly sampler: Sampler;
  readonly schedule: Schedule | undefined;
}

/**
 * Resolves what a request or a picture's text names. Without a schedule it is the one that the model proposes, else the sampler's
 * default; with `Automatic` always that. Titles of older pictures that end in a schedule's name (`DPM++ 2M Karras`) are understood.
 * Throws `sampling/sampler` or `sampling/schedule`, the latter also when a schedule other than the uniform one is asked of DDIM.
 */
export function resolveSampling(
  samplerName: string,
  scheduleName?: string,
  proposedSchedule?: string,
): Sampling {
  // The longest: `SGM Uniform` ends in `Uniform`.
  const suffix = SCHEDULES.filter(({ title }) =>
    samplerName.toLowerCase().endsWith(` ${title.toLowerCase()}`),
  ).sort((a, b) => b.title.length - a.title.length)[0];
  const sampler = findSampler(
    suffix === undefined ? samplerName : samplerName.slice(0, -suffix.title.length),
  );
  const automatic = scheduleName === undefined || plain(scheduleName) === 'automatic';
  const named = automatic ? suffix?.key : findSchedule(scheduleName);
  if (sampler.defaultSchedule === undefined && named !== undefined && named !== 'discrete') {
    throw new SamplingError('sampling/schedule', `${sampler.title} has evenly spaced timesteps of its own`, {
      found: `the schedule ${named}`,
      fix: 'Leave the schedule out, or choose another sampler.',
    });
  }
  if (sampler.defaultSchedule === undefined) return { sampler, schedule: undefined };
  const isOpen = scheduleName === undefined && proposedSchedule !== undefined;
  const proposed = isOpen ? findSchedule(proposedSchedule) : undefined;
  return { sampler, schedule: named ?? proposed ?? sampler.defaultSchedule };
}

/** Lower case, `+` read as `p`, a trailing `a` read as `ancestral`, nothing but letters and digits. */
function plain(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s_-]a$/, ' ancestral')
    .replaceAll('+', 'p')
    .replace(/[^a-z0-9]/g, '');
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}
