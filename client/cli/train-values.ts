// Values of `train`'s options that are more than one number: lists, seeds, sizes and plans.
import { MAX_PREVIEWS } from '../../plugins/contract/style.ts';
import { CROPS, type Crop } from '../training/examples.ts';
import type { TrainingOptions } from '../training/options.ts';
import type { Size } from '../training/pictures.ts';
import type { MemoryPlan } from '../training/step-graph.ts';
import { decimalNumber, UsageError } from './command.ts';

/** Numbers between commas. */
export function list(option: string, textOfList: string, low: number, high: number): number[] {
  const parts = textOfList.split(',');
  if (parts.length > 64) throw new UsageError(`${option} has too many entries: at most 64`);
  return parts.map((part) => decimalNumber(option, part.trim(), low, high)!);
}

export function previewSeedsOf(given: string | undefined, seed: bigint, count: number): bigint[] {
  if (given === undefined)
    return Array.from({ length: count }, (_, i) => BigInt.asUintN(64, seed + BigInt(i)));
  const seeds = given.split(',').map((part) => seedOf(part.trim(), '--preview-seeds'));
  if (new Set(seeds).size === seeds.length && seeds.length <= MAX_PREVIEWS) return seeds;
  throw new UsageError(`--preview-seeds takes at most ${MAX_PREVIEWS} seeds, each once`);
}

export function clippingOf(given: string | undefined): TrainingOptions['clipping'] {
  if (given === undefined) return { kind: 'none', limit: 1 };
  const [kind, limit] = given.split(':');
  if ((kind === 'value' || kind === 'norm') && limit !== undefined) {
    return { kind, limit: decimalNumber('--clip', limit, 1e-12, 1e12)! };
  }
  throw new UsageError(`--clip must be value:X or norm:X, not ${JSON.stringify(given)}`);
}

export function seedOf(given: string | undefined, option = '--seed'): bigint {
  if (given === undefined) return 0n;
  const seed = /^\d{1,20}$/.test(given) ? BigInt(given) : -1n;
  if (seed >= 0n && seed < 2n ** 64n) return seed;
  throw new UsageError(`${option} must be a whole number from 0 to 2^64-1, not ${JSON.stringify(given)}`);
}

export function sizeOf(given: string | undefined): Size | undefined {
  if (given === undefined) return undefined;
  const match = /^(\d{2,4})x(\d{2,4})$/.exec(given);
  if (match === null) throw new UsageError(`--size must be such as 512x512, not ${JSON.stringify(given)}`);
  return { width: Number(match[1]), height: Number(match[2]) };
}

export function memoryOf(given: string | undefined): MemoryPlan | undefined {
  if (given === undefined || given === 'kept' || given === 'cheap' || given === 'segments') return given;
  throw new UsageError(`--memory must be kept, cheap or segments, not ${JSON.stringify(given)}`);
}

export function cropOf(given: string | undefined): Crop {
  const crop = given === undefined ? 'centre' : CROPS.find((known) => known === given);
  if (crop !== undefined) return crop;
  throw new UsageError(`--crop must be ${CROPS.join(' or ')}, not ${JSON.stringify(given)}`);
}
