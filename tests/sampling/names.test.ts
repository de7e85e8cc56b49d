// Names of samplers and schedules, as programs, people and older pictures write them.
import { describe, expect, it } from 'vitest';
import {
  findSampler,
  findSchedule,
  resolveSampling,
  SAMPLERS,
  SCHEDULES,
} from '../../client/sampling/names.ts';

describe('findSampler', () => {
  it.each(SAMPLERS)('finds $title by key and title', ({ key, title }) => {
    expect(findSampler(key).key).toBe(key);
    expect(findSampler(title).key).toBe(key);
    expect(findSampler(` ${title.toUpperCase()} `).key).toBe(key);
  });

  it.each([
    ['euler-a', 'euler_ancestral'],
    ['Euler ancestral', 'euler_ancestral'],
    ['dpmpp 2m', 'dpmpp_2m'],
    ['DPM++2M', 'dpmpp_2m'],
    ['DPM2 a', 'dpm_2_ancestral'],
    ['DPM++ 2S a', 'dpmpp_2s_ancestral'],
  ])('takes %s for %s', (name, key) => {
    expect(findSampler(name).key).toBe(key);
  });

  it('names the choices when there is none', () => {
    expect(() => findSampler('plms')).toThrow(
      /no such sampler; expected one of ddim \(DDIM\), euler \(Euler\), .*found "plms"/,
    );
  });
});

describe('findSchedule', () => {
  it('finds keys and titles', () => {
    for (const { key, title } of SCHEDULES) {
      expect(findSchedule(key)).toBe(key);
      expect(findSchedule(title.toLowerCase())).toBe(key);
    }
  });

  it('names the choices when there is none', () => {
    expect(() => findSchedule('linear')).toThrow(
      /expected one of discrete \(Uniform\), karras \(Karras\), exponential/,
    );
  });
});

describe('resolveSampling', () => {
  it('takes the sampler’s default schedule', () => {
    expect(resolveSampling('DPM++ 2M')).toMatchObject({ sampler: { key: 'dpmpp_2m' }, schedule: 'karras' });
    expect(resolveSampling('Euler', 'Automatic').schedule).toBe('discrete');
    expect(resolveSampling('ddim').schedule).toBeUndefined();
  });

  it('understands older titles that end in a schedule', () => {
    expect(resolveSampling('DPM++ 2M Karras')).toMatchObject({
      sampler: { key: 'dpmpp_2m' },
      schedule: 'karras',
    });
    expect(resolveSampling('DPM2 a Karras').sampler.key).toBe('dpm_2_ancestral');
    expect(resolveSampling('DPM++ 2M SDE Exponential').sampler.key).toBe('dpmpp_2m_sde');
    expect(resolveSampling('Euler a SGM Uniform')).toMatchObject({
      sampler: { key: 'euler_ancestral' },
      schedule: 'sgm_uniform',
    });
  });

  it('takes what a model proposes only where nothing is asked for', () => {
    expect(resolveSampling('Euler a', undefined, 'SGM Uniform').schedule).toBe('sgm_uniform');
    expect(resolveSampling('Euler a', 'Automatic', 'SGM Uniform').schedule).toBe('discrete');
    expect(resolveSampling('Euler a', 'karras', 'SGM Uniform').schedule).toBe('karras');
    expect(resolveSampling('Euler a Karras', undefined, 'SGM Uniform').schedule).toBe('karras');
    expect(resolveSampling('DDIM', undefined, 'SGM Uniform').schedule).toBeUndefined();
  });

  it('refuses a schedule that DDIM cannot follow', () => {
    expect(resolveSampling('DDIM', 'discrete').schedule).toBeUndefined();
    expect(() => resolveSampling('DDIM', 'karras')).toThrow(/DDIM has evenly spaced timesteps of its own/);
  });
});
