// The studio's settings: seeds, limits, names, and the words of a fault.
import { describe, expect, it } from 'vitest';
import {
  FIRST_SETTINGS,
  namedAs,
  seedOf,
  settingsFault,
  throwSeed,
  withDefaults,
  within,
} from '../../client/studio/state/settings.ts';

const SAMPLERS = [
  { name: 'ddim', title: 'DDIM' },
  { name: 'dpmpp_2m', title: 'DPM++ 2M' },
  { name: 'dpmpp_2m_sde', title: 'DPM++ 2M SDE' },
];

describe('seedOf', () => {
  it('reads whole numbers up to 2⁶⁴−1 without losing digits', () => {
    expect(seedOf(' 18446744073709551615 ')).toBe(18446744073709551615n);
    expect(seedOf('9007199254740993')).toBe(9007199254740993n);
    expect(seedOf('0')).toBe(0n);
  });

  it('refuses what is larger, negative, or no whole number', () => {
    for (const text of ['18446744073709551616', '-1', '1.5', '', '0x10', '1e3', '123456789012345678901']) {
      expect(seedOf(text)).toBeUndefined();
    }
  });

  it('throws seeds of 32 bits', () => {
    const seed = seedOf(throwSeed());
    expect(seed).toBeDefined();
    expect(seed! < 2n ** 32n).toBe(true);
  });
});

describe('namedAs', () => {
  it('finds by key and by title as other tools write it', () => {
    expect(namedAs(SAMPLERS, 'DPM++ 2M')?.name).toBe('dpmpp_2m');
    expect(namedAs(SAMPLERS, 'dpmpp_2m_sde')?.name).toBe('dpmpp_2m_sde');
    expect(namedAs(SAMPLERS, 'ddim')?.title).toBe('DDIM');
    expect(namedAs(SAMPLERS, 'PLMS')).toBeUndefined();
  });
});

describe('settingsFault', () => {
  const settings = { ...FIRST_SETTINGS, seedLocked: true };

  it('is silent about settings that can be drawn', () => {
    expect(settingsFault(settings, 8)).toBeUndefined();
  });

  it('names the seed, the steps or the side that is wrong', () => {
    expect(settingsFault({ ...settings, seed: 'abc' }, 8)).toMatch(/seed must be a whole number/);
    expect(settingsFault({ ...settings, steps: 0 }, 8)).toMatch(/Steps/);
    expect(settingsFault({ ...settings, width: 60 }, 8)).toBe(
      'The width must be a multiple of 8 from 8 to 2048 pixels.',
    );
    expect(settingsFault({ ...settings, height: 4096 }, 8)).toMatch(/height/);
  });

  it('lets a bad seed pass while it is unlocked, for it is thrown anew', () => {
    expect(settingsFault({ ...settings, seed: '', seedLocked: false }, 8)).toBeUndefined();
  });

  it('names a variation seed that is wrong, where there is a variation', () => {
    expect(settingsFault({ ...settings, variationSeed: 'x' }, 8)).toBeUndefined();
    expect(settingsFault({ ...settings, variationSeed: 'x', variationStrength: 0.1 }, 8)).toMatch(
      /variation seed/,
    );
  });

  it('takes the multiple of the loaded model', () => {
    expect(settingsFault({ ...settings, width: 72 }, 16)).toMatch(/multiple of 16/);
    expect(settingsFault({ ...settings, width: 72 }, 8)).toBeUndefined();
  });
});

it('within holds numbers inside their limits', () => {
  expect(within(0, { min: 1, max: 9 }, 5)).toBe(1);
  expect(within(99, { min: 1, max: 9 }, 5)).toBe(9);
  expect(within(Number.NaN, { min: 1, max: 9 }, 5)).toBe(5);
});

it('a model’s proposals replace only what it names', () => {
  const settings = withDefaults(FIRST_SETTINGS, { width: 512, steps: 30 });
  expect(settings).toEqual({ ...FIRST_SETTINGS, width: 512, steps: 30 });
});
