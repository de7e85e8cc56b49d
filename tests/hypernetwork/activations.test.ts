// Each activation against exact values, and against closed forms from other functions.
import { describe, expect, test } from 'vitest';
import { activationFunctions } from '../../client/hypernetwork/activations.ts';
import { ACTIVATIONS, type Activation } from '../../client/hypernetwork/hypernetwork.ts';

const e = Math.E;
/** erf(1/√2) and erf(√2): the normal distribution's mass within one and two deviations. */
const WITHIN_ONE = 0.6826894921370859;
const WITHIN_TWO = 0.9544997361036416;

/** Input → output. */
const exact: Readonly<Record<Activation, readonly (readonly [number, number])[]>> = {
  relu: [[-2, 0], [0, 0], [3, 3]],
  leakyrelu: [[-2, -0.02], [3, 3]],
  elu: [[-1, 1 / e - 1], [2, 2]],
  swish: [[-4, 0], [-3, 0], [-1.5, -0.375], [1, 2 / 3], [3, 3], [10, 10]],
  tanh: [[1, (e ** 2 - 1) / (e ** 2 + 1)], [-40, -1]],
  sigmoid: [[0, 0.5], [Math.log(3), 0.75], [-800, 0], [800, 1]],
  mish: [[0, 0], [1, ((1 + e) ** 2 - 1) / ((1 + e) ** 2 + 1)], [100, 100], [-800, 0]],
  gelu: [[0, 0], [1, (1 + WITHIN_ONE) / 2], [-1, -(1 - WITHIN_ONE) / 2], [2, 1 + WITHIN_TWO], [20, 20], [-20, 0]],
  silu: [[Math.log(3), 0.75 * Math.log(3)], [-Math.log(3), -0.25 * Math.log(3)], [0, 0]],
  softsign: [[1, 0.5], [-3, -0.75]],
  softplus: [[0, Math.LN2], [Math.log(3), Math.log(4)], [100, 100], [-100, Math.exp(-100)]],
  selu: [[1, 1.0507009873554805], [-1, 1.7580993408473766 * (1 / e - 1)]],
  celu: [[-1, 1 / e - 1], [2, 2]],
  prelu: [[-2, -0.5], [2, 2]],
  hardtanh: [[-3, -1], [0.25, 0.25], [3, 1]],
  hardsigmoid: [[-3, 0], [0, 0.5], [1.5, 0.75], [9, 1]],
  hardshrink: [[0.5, 0], [-0.5, 0], [0.75, 0.75], [-0.75, -0.75]],
  softshrink: [[0.5, 0], [0.75, 0.25], [-0.75, -0.25]],
  tanhshrink: [[1, 1 - (e ** 2 - 1) / (e ** 2 + 1)]],
  logsigmoid: [[0, -Math.LN2], [-Math.log(3), -Math.log(4)], [-800, -800], [800, 0]],
  relu6: [[-1, 0], [4, 4], [7, 6]],
  rrelu: [[-1, -11 / 48], [3, 3]],
}; // biome-ignore format: a table

describe.each(ACTIVATIONS)('%s', (name) => {
  test.each(exact[name])('of %d is %d', (x, expected) => {
    const found = activationFunctions[name](x, 0.25);
    expect(Math.abs(found - expected)).toBeLessThanOrEqual(4e-16 * Math.max(1, Math.abs(expected)));
  });
});

test('gelu’s error function is odd and matches its Gaussian integral', () => {
  // ∫₀ˣ φ by Simpson's rule with 2000 panels: error below 1e-13 on this range.
  const gaussian = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  for (const x of [-5, -3.3, -0.7, -1e-3, 1e-3, 0.4, 1.9, 4.4]) {
    const h = x / 2000;
    let integral = gaussian(0) + gaussian(x);
    for (let i = 1; i < 2000; i++) integral += gaussian(i * h) * (i % 2 === 1 ? 4 : 2);
    expect(activationFunctions.gelu(x, 0)).toBeCloseTo(x * (0.5 + (integral * h) / 3), 12);
  }
});
