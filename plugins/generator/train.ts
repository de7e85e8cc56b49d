// Trains the gate: mean context → tanh → four logits, by Adam on the cross-entropy. Seconds on one core; the same seed, the same gate.

/** A network of two linear layers with tanh between; weights [outputs, inputs] row-major. */
export interface Gate {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly weights: readonly [Float64Array, Float64Array];
  readonly biases: readonly [Float64Array, Float64Array];
}

export interface Sample {
  readonly x: Float64Array;
  readonly kind: number;
}

const RATE = 0.01;
const DECAY = 0.02;
const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-8;

/** Trains on all samples at once for `epochs` rounds. Inputs are standardised, and that is folded into the first layer. */
export function trainGate(
  samples: readonly Sample[],
  { hidden, outputs, epochs, seed }: { hidden: number; outputs: number; epochs: number; seed: number },
): Gate {
  const inputs = samples[0]?.x.length ?? 0;
  const { mean, deviation } = statistics(samples, inputs);
  const standard = samples.map(({ x, kind }) => ({
    kind,
    x: x.map((value, i) => (value - mean[i]!) / deviation[i]!),
  }));
  const random = generator(seed);
  const initial = (count: number, fanIn: number) =>
    Float64Array.from({ length: count }, () => (random() * 2 - 1) / Math.sqrt(fanIn));
  const gate: Gate = {
    inputs,
    hidden,
    outputs,
    weights: [initial(hidden * inputs, inputs), initial(outputs * hidden, hidden)],
    biases: [new Float64Array(hidden), new Float64Array(outputs)],
  };
  const parameters = [gate.weights[0], gate.biases[0], gate.weights[1], gate.biases[1]];
  const first = parameters.map((it) => new Float64Array(it.length));
  const second = parameters.map((it) => new Float64Array(it.length));
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const gradients = gradientsOf(gate, standard);
    parameters.forEach((values, which) => {
      const decay = which % 2 === 0 ? DECAY : 0;
      for (let i = 0; i < values.length; i++) {
        const slope = gradients[which]![i]!;
        first[which]![i] = BETA_1 * first[which]![i]! + (1 - BETA_1) * slope;
        second[which]![i] = BETA_2 * second[which]![i]! + (1 - BETA_2) * slope * slope;
        const step = first[which]![i]! / (1 - BETA_1 ** epoch);
        const size = Math.sqrt(second[which]![i]! / (1 - BETA_2 ** epoch)) + EPSILON;
        values[i]! -= RATE * (step / size + decay * values[i]!);
      }
    });
  }
  return folded(gate, mean, deviation);
}

/** The gate's shares for one input. */
export function shares(gate: Gate, x: ArrayLike<number>): number[] {
  return forward(gate, x).shares;
}

function forward(gate: Gate, x: ArrayLike<number>): { hidden: Float64Array; shares: number[] } {
  const hidden = linear(gate.weights[0], gate.biases[0], x).map(Math.tanh);
  const logits = linear(gate.weights[1], gate.biases[1], hidden);
  const largest = Math.max(...logits);
  const powers = [...logits].map((value) => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b);
  return { hidden, shares: powers.map((value) => value / sum) };
}

function linear(weight: Float64Array, bias: Float64Array, x: ArrayLike<number>): Float64Array {
  return bias.map((sum, output) => {
    for (let i = 0; i < x.length; i++) sum += weight[output * x.length + i]! * x[i]!;
    return sum;
  });
}

/** Mean gradients of −log share[kind]: for the logits it is share − 1 at the right one, and tanh′ = 1 − tanh². */
function gradientsOf(gate: Gate, samples: readonly Sample[]): Float64Array[] {
  const { inputs, hidden, outputs, weights } = gate;
  const all = [hidden * inputs, hidden, outputs * hidden, outputs].map((length) => new Float64Array(length));
  const [w0, b0, w1, b1] = all as [Float64Array, Float64Array, Float64Array, Float64Array];
  for (const { x, kind } of samples) {
    const { hidden: h, shares: share } = forward(gate, x);
    const back = new Float64Array(hidden);
    for (let o = 0; o < outputs; o++) {
      const slope = (share[o]! - (o === kind ? 1 : 0)) / samples.length;
      b1[o]! += slope;
      for (let j = 0; j < hidden; j++) {
        w1[o * hidden + j]! += slope * h[j]!;
        back[j]! += slope * weights[1][o * hidden + j]!;
      }
    }
    for (let j = 0; j < hidden; j++) {
      const slope = back[j]! * (1 - h[j]! * h[j]!);
      b0[j]! += slope;
      for (let i = 0; i < inputs; i++) w0[j * inputs + i]! += slope * x[i]!;
    }
  }
  return all;
}

function statistics(
  samples: readonly Sample[],
  inputs: number,
): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(inputs);
  const deviation = new Float64Array(inputs);
  for (const { x } of samples) for (let i = 0; i < inputs; i++) mean[i]! += x[i]! / samples.length;
  for (const { x } of samples) {
    for (let i = 0; i < inputs; i++) deviation[i]! += (x[i]! - mean[i]!) ** 2 / samples.length;
  }
  return { mean, deviation: deviation.map((variance) => Math.sqrt(variance) + 1e-6) };
}

/** W · (x − mean) / deviation + b as W′ · x + b′. */
function folded(gate: Gate, mean: Float64Array, deviation: Float64Array): Gate {
  const { inputs } = gate;
  const weight = gate.weights[0].map((value, at) => value / deviation[at % inputs]!);
  const bias = linear(
    weight.map((value) => -value),
    gate.biases[0],
    mean,
  );
  return { ...gate, weights: [weight, gate.weights[1]], biases: [bias, gate.biases[1]] };
}

/** Numbers in 0 … 1 from a seed: a linear congruence modulo 2³² (Knuth's constants), its upper bits. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
