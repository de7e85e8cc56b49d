// Reads golden cases for the sampling tests.
import { readFileSync } from 'node:fs';

const GOLDEN = new URL('../golden/', import.meta.url);

export interface NoiseCase {
  readonly seed: number;
  readonly shape: readonly number[];
  readonly first: readonly number[];
  readonly last?: readonly number[];
  readonly sum?: number;
  readonly second_call_first: readonly number[];
}

export interface SamplerCases {
  readonly steps: number;
  readonly sigma_min: number;
  readonly sigma_max: number;
  readonly W: readonly (readonly number[])[];
  readonly x: readonly number[];
  readonly noise: readonly number[];
  readonly sigmas: Readonly<Record<string, readonly number[]>>;
  readonly runs: readonly {
    readonly sampler: string;
    readonly schedule: string;
    readonly result: readonly number[];
    readonly noise_draws: number;
  }[];
}

/** Of few-steps.py. */
export interface FewStepsCases {
  readonly schedules: readonly {
    readonly levels: 'trained' | 'lcm';
    readonly schedule: string;
    readonly steps: number;
    readonly sigmas: readonly number[];
  }[];
  readonly runs: SamplerCases['runs'];
  /** Whole runs of LCM around a stand-in for the network. */
  readonly lcm: readonly {
    readonly schedule: string;
    readonly steps: number;
    readonly guidance: number;
    readonly result: readonly number[];
    readonly noise_draws: number;
  }[];
}

export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, GOLDEN), 'utf8')) as T;
}
