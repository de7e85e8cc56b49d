// The arithmetic of latents that samplers are written in, wherever the latents lie, and its plain form on arrays.

/** A latent, or several of them one after the other: so many values, on the processor or on a device. */
export interface Latent {
  readonly length: number;
}

/** A latent times a weight. */
export type Term<L> = readonly [weight: number, latent: L];

/**
 * All that samplers do with latents. What an operation gives is new, and lives until `sweep` leaves it out; no operation
 * changes what it is given.
 */
export interface LatentMath<L extends Latent> {
  /** Σ weightᵢ · latentᵢ, element by element. At least one term; all latents of one length. */
  weightedSum(...terms: readonly Term<L>[]): L;
  /** mask · inside + (1 − mask) · outside, element by element; the mask is 0 … 1. All of one length. */
  blend(mask: L, inside: L, outside: L): L;
  /** The latent `times` times, one after the other. */
  repeat(latent: L, times: number): L;
  /** So many parts of one length. They live as long as what they are part of. */
  split(latents: L, count: number): readonly L[];
  /** The values as a latent. They must not change afterwards. */
  upload(values: Float32Array): L;
  /** The same latent, which now lives until the arithmetic itself ends. */
  hold(latent: L): L;
  /** Its values, not to be changed. */
  read(latent: L): Promise<Float32Array>;
  /** Whether no value is NaN or infinite. */
  isFinite(latent: L): Promise<boolean>;
  /** Frees all latents but these and those that are held. */
  sweep(kept: readonly L[]): void;
}

/** Latents as arrays, summed in doubles and rounded once to float32; freed by the collector. The reference of other forms. */
export const PLAIN_MATH: LatentMath<Float32Array> = {
  weightedSum(...terms) {
    const { length } = terms[0]![1];
    const sum = new Float32Array(length);
    for (let i = 0; i < length; i++) {
      let value = 0;
      for (const [weight, latent] of terms) value += weight * latent[i]!;
      sum[i] = value;
    }
    return sum;
  },
  blend: (mask, inside, outside) => mask.map((share, i) => share * inside[i]! + (1 - share) * outside[i]!),
  repeat(latent, times) {
    if (times === 1) return latent;
    const all = new Float32Array(times * latent.length);
    for (let i = 0; i < times; i++) all.set(latent, i * latent.length);
    return all;
  },
  split(latents, count) {
    const length = latents.length / count;
    return Array.from({ length: count }, (_, i) => latents.subarray(i * length, (i + 1) * length));
  },
  upload: (values) => values,
  hold: (latent) => latent,
  read: async (latent) => latent,
  isFinite: async (latent) => latent.every(Number.isFinite),
  sweep: () => {},
};
