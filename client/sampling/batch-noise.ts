// The noise of a batch as AUTOMATIC1111's web UI draws it: seeds, variation seeds, and a seed of its own for later noise.
import { MAX_SEED, type NormalGenerator, type RandomSource, seededNormal } from './noise.ts';

export interface BatchNoiseOptions {
  /** One for each picture; a batch counts up from the first, unless it has variations. */
  readonly seeds: readonly bigint[];
  /** [channels, height, width] of one latent. */
  readonly shape: readonly number[];
  readonly source?: RandomSource;
  /** Mixes the noise of other seeds in, one for each picture: strength 0 … 1. */
  readonly variation?: { readonly seeds: readonly bigint[]; readonly strength: number } | undefined;
  /** Added to the seeds for all noise after the first draw, which then comes from new generators (the web UI's ENSD). */
  readonly laterSeedDelta?: number;
}

export interface BatchNoise {
  /** [pictures, channels, height, width] flat. */
  readonly start: Float32Array<ArrayBuffer>;
  /** The next draw of the same size, for ancestral samplers. */
  draw(): Float32Array<ArrayBuffer>;
}

/** Draws the start noise. Variation strength 1 is the variation's own noise. */
export function batchNoise(options: BatchNoiseOptions): BatchNoise {
  const { seeds, shape, source = 'cpu', variation, laterSeedDelta = 0 } = options;
  const count = shape.reduce((product, length) => product * length, 1);
  const together = (parts: readonly Float32Array[]): Float32Array<ArrayBuffer> => {
    const values = new Float32Array(parts.length * count);
    for (const [i, part] of parts.entries()) values.set(part, i * count);
    return values;
  };
  let generators: NormalGenerator[] = seeds.map((seed) => seededNormal(seed, source));
  const firsts = generators.map((generator, i) => {
    const noise = generator.normal(count);
    if (variation === undefined || variation.strength === 0) return noise;
    const other = seededNormal(variation.seeds[i]!, source).normal(count);
    return slerp(variation.strength, noise, other, shape);
  });
  if (laterSeedDelta !== 0) {
    generators = seeds.map((seed) => seededNormal((seed + BigInt(laterSeedDelta)) & MAX_SEED, source));
  }
  return {
    start: together(firsts),
    draw: () => together(generators.map((generator) => generator.normal(count))),
  };
}

/** Above this mean cosine the web UI mixes in a straight line, and with the shares the other way round. */
const NEARLY_PARALLEL = 0.9995;

/**
 * Spherical interpolation of latents [channels, height, width] from `low` (share 0) to `high` (share 1): each column, from top to
 * bottom, is one vector (the web UI normalises over the second axis).
 */
export function slerp(
  share: number,
  low: Float32Array,
  high: Float32Array,
  shape: readonly number[],
): Float32Array<ArrayBuffer> {
  const [channels, height, width] = shape as [number, number, number];
  const mixed = new Float32Array(low.length);
  const columns = channels * width;
  const at = (column: number, y: number): number =>
    (Math.floor(column / width) * height + y) * width + (column % width);
  const cosines = Array.from({ length: columns }, (_, column) => {
    let [product, lowSquare, highSquare] = [0, 0, 0];
    for (let y = 0; y < height; y++) {
      const [a, b] = [low[at(column, y)]!, high[at(column, y)]!];
      product += a * b;
      lowSquare += a * a;
      highSquare += b * b;
    }
    return product / Math.sqrt(lowSquare * highSquare);
  });
  const straight = cosines.reduce((sum, cosine) => sum + cosine, 0) / columns > NEARLY_PARALLEL;
  for (const [column, cosine] of cosines.entries()) {
    const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
    const lowShare = straight ? share : Math.sin((1 - share) * angle) / Math.sin(angle);
    const highShare = straight ? 1 - share : Math.sin(share * angle) / Math.sin(angle);
    for (let y = 0; y < height; y++) {
      const i = at(column, y);
      mixed[i] = lowShare * low[i]! + highShare * high[i]!;
    }
  }
  return mixed;
}
