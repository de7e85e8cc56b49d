// Weighted sums of latents, the one operation that samplers are made of.

/** Σ weightᵢ · latentᵢ, element by element, summed in doubles and rounded once to float32. All of one length. */
export function weightedSum(
  ...terms: readonly (readonly [weight: number, latent: Float32Array])[]
): Float32Array<ArrayBuffer> {
  const length = terms[0]?.[1].length ?? 0;
  const sum = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let value = 0;
    for (const [weight, latent] of terms) value += weight * latent[i]!;
    sum[i] = value;
  }
  return sum;
}

/** Whether no value is NaN or infinite. */
export function isAllFinite(latent: Float32Array): boolean {
  for (const value of latent) if (!Number.isFinite(value)) return false;
  return true;
}
