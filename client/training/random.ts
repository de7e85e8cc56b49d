// The chances of training. Each is a function of the seed, its purpose and the step alone, so that training which goes
// on from a saved step draws what it would have drawn without the break: the random state is the seed and the step.

export interface RandomStream {
  /** 0 ≤ u < 1. */
  uniform(): number;
  /** A whole number, 0 ≤ n < limit. */
  below(limit: number): number;
  /** Normal values, mean 0 and variance 1 (Box & Muller). */
  normal(count: number): Float32Array<ArrayBuffer>;
  /** A copy of the list in another order (Fisher & Yates). */
  shuffled<T>(list: readonly T[]): T[];
}

/** What a stream is for; each has draws of its own. */
export const PURPOSE = {
  start: 1,
  order: 2,
  batch: 3,
  words: 4,
  validation: 5,
  latent: 6,
  rollout: 7,
} as const;

/** The stream of a seed for a purpose and up to two numbers, such as step and part. */
export function randomStream(seed: bigint, purpose: number, first = 0, second = 0): RandomStream {
  const words = [
    Number(BigInt.asUintN(32, seed)),
    Number(BigInt.asUintN(32, seed >> 32n)),
    purpose,
    first,
    second,
  ];
  const state = new Uint32Array(4);
  let mixed = 0x9e3779b9;
  for (let i = 0; i < 4; i++) {
    for (const word of words) mixed = mix(Math.imul(mixed ^ word, 0x85ebca6b) + i);
    state[i] = mixed;
  }
  return new Sfc32(state);
}

/** MurmurHash3's finaliser. */
function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Small Fast Counting generator of 32-bit words (Doty-Humphrey, PractRand). */
class Sfc32 implements RandomStream {
  readonly #state: Uint32Array;

  constructor(state: Uint32Array) {
    this.#state = state;
    for (let i = 0; i < 12; i++) this.#next();
  }

  uniform(): number {
    return (this.#next() * 2 ** 21 + (this.#next() >>> 11)) / 2 ** 53;
  }

  below(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  normal(count: number): Float32Array<ArrayBuffer> {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
      const angle = 2 * Math.PI * this.uniform();
      values[i] = radius * Math.cos(angle);
      if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
    }
    return values;
  }

  shuffled<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [copy[i], copy[j]] = [copy[j]!, copy[i]!];
    }
    return copy;
  }

  #next(): number {
    const s = this.#state;
    const result = (s[0]! + s[1]! + s[3]!) >>> 0;
    s[3] = s[3]! + 1;
    s[0] = s[1]! ^ (s[1]! >>> 9);
    s[1] = s[2]! + (s[2]! << 3);
    s[2] = ((s[2]! << 21) | (s[2]! >>> 11)) + result;
    return result;
  }
}
