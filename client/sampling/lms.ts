// Linear multistep (Adams–Bashforth) on an uneven grid of noise levels.
import type { Latent } from './latent.ts';
import { type StepRule, slope } from './step.ts';

const ORDER = 4;

/** Nodes ±1/√3 of the two-point Gauss–Legendre rule, exact for the cubics that appear up to order 4. */
const GAUSS_NODE = 1 / Math.sqrt(3);

/** Up to four past slopes, newest first, weighted by the integrals of their Lagrange polynomials over the step. */
export function lms<L extends Latent>(): StepRule<L> {
  const slopes: L[] = [];
  return ({ math, x, denoised, sigma, sigmas, index, remember }) => {
    slopes.unshift(slope(math, x, denoised, sigma));
    slopes.length = Math.min(slopes.length, ORDER);
    remember(...slopes);
    const terms = slopes.map((past, j) => [coefficient(sigmas, index, j, slopes.length), past] as const);
    return math.weightedSum([1, x], ...terms);
  };
}

/** ∫ ∏_{k≠j} (τ − σ[i−k]) / (σ[i−j] − σ[i−k]) dτ from σ[i] to σ[i+1], k < order. */
function coefficient(sigmas: Float32Array, i: number, j: number, order: number): number {
  const middle = (sigmas[i + 1]! + sigmas[i]!) / 2;
  const half = (sigmas[i + 1]! - sigmas[i]!) / 2;
  let integral = 0;
  for (const node of [-GAUSS_NODE, GAUSS_NODE]) {
    let value = 1;
    for (let k = 0; k < order; k++) {
      if (k === j) continue;
      value *= (middle + half * node - sigmas[i - k]!) / (sigmas[i - j]! - sigmas[i - k]!);
    }
    integral += value;
  }
  return integral * half;
}
