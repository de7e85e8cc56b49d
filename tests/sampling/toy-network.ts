// The stand-in for a network in the golden runs of samplers.

/** denoised(x, σ) = (x + σ · tanh(W · x)) / (1 + σ²), W mixing the four channels. */
export function toyDenoise(
  mix: readonly (readonly number[])[],
  x: Float32Array,
  sigma: number,
): Float32Array {
  const plane = x.length / 4;
  return x.map((value, i) => {
    const channel = Math.floor(i / plane);
    let mixed = 0;
    for (let c = 0; c < 4; c++) mixed += mix[channel]![c]! * x[c * plane + (i % plane)]!;
    return (value + sigma * Math.tanh(mixed)) / (1 + sigma ** 2);
  });
}
