// The Mersenne Twister (Matsumoto & Nishimura 1998), seeded as PyTorch's CPU generator seeds it.

const STATE_WORDS = 624;
const MIDDLE_WORD = 397;
const UPPER_BIT = 0x80000000;
const LOWER_BITS = 0x7fffffff;
const TWIST_MATRIX = 0x9908b0df;

/** Gives the next 32 random bits, 0 … 2³²−1. */
export type RandomBits = () => number;

/**
 * A generator seeded by the low 32 bits of `seed`: PyTorch takes 64-bit seeds but keeps no more of them,
 * so seeds that differ by a multiple of 2³² give the same noise.
 */
export function mt19937(seed: bigint): RandomBits {
  const state = new Uint32Array(STATE_WORDS);
  state[0] = Number(BigInt.asUintN(32, seed));
  for (let i = 1; i < STATE_WORDS; i++) {
    const previous = state[i - 1]!;
    state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
  }
  let next = STATE_WORDS;

  return () => {
    if (next === STATE_WORDS) {
      twist(state);
      next = 0;
    }
    let bits = state[next++]!;
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    bits ^= bits >>> 18;
    return bits >>> 0;
  };
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < STATE_WORDS; i++) {
    const joined = (state[i]! & UPPER_BIT) | (state[(i + 1) % STATE_WORDS]! & LOWER_BITS);
    state[i] = state[(i + MIDDLE_WORD) % STATE_WORDS]! ^ (joined >>> 1) ^ (joined & 1 ? TWIST_MATRIX : 0);
  }
}
