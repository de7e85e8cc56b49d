// AdamW's graph against the equations in double precision: accumulation's scale, decay, both ways to clip, the average.
import { beforeAll, expect, test } from 'vitest';
import { adamWScalars, buildAdamW, type Clipping, stateName } from '../../client/autodiff/adamw.ts';
import { emitGraph } from '../../client/onnx/emit.ts';
import { configureRuntime } from '../../client/runtime/configure.ts';
import { createSession } from '../../client/runtime/create.ts';
import { tensor } from '../../client/tensor/tensor.ts';

const RATE = 0.1;
const WEIGHT_DECAY = 0.02;
/** Summed over two batches, whose mean they are half of. */
const GRADIENTS = { a: [6, -0.8], b: [-2] };
/** The second step's average would keep 3 of 12 parts. */
const AVERAGE = 0.21;
const START = { a: [1, 2], b: [-3] };
const NAMES = ['a', 'b'] as const;

beforeAll(() => configureRuntime({ threads: 1 }));

/** Two steps with the same gradients, as Loshchilov & Hutter write them. */
function expectedWeights(gradients: Readonly<Record<'a' | 'b', readonly number[]>>) {
  return Object.fromEntries(
    NAMES.map((name) => [
      name,
      START[name].map((start, i) => {
        const g = gradients[name][i]!;
        let [weight, mean, square, average] = [start, 0, 0, start];
        for (const step of [1, 2]) {
          mean = 0.9 * mean + 0.1 * g;
          square = 0.999 * square + 0.001 * g * g;
          weight *= 1 - RATE * WEIGHT_DECAY;
          weight -= (RATE * mean) / (1 - 0.9 ** step) / (Math.sqrt(square / (1 - 0.999 ** step)) + 1e-8);
          const keep = Math.min(AVERAGE, (1 + step) / (10 + step));
          average = keep * average + (1 - keep) * weight;
        }
        return { weight, mean, square, average };
      }),
    ]),
  );
}

async function twoSteps(clipping: Clipping, clip: number) {
  const parameters = NAMES.map((name) => ({ name, shape: [START[name].length] }));
  const session = await createSession(emitGraph(buildAdamW(parameters, { clipping, averaged: true })), {
    backend: 'wasm',
  });
  const one = (values: readonly number[]) => tensor([values.length], Float32Array.from(values));
  let state = Object.fromEntries(
    NAMES.flatMap((name) => [
      [name, one(START[name])],
      [stateName.mean(name), one(START[name].map(() => 0))],
      [stateName.square(name), one(START[name].map(() => 0))],
      [stateName.average(name), one(START[name])],
    ]),
  );
  let norm: number | undefined;
  for (const step of [1, 2]) {
    const scalars = adamWScalars({
      step,
      rate: RATE,
      weightDecay: WEIGHT_DECAY,
      gradientScale: 1 / 2,
      average: AVERAGE,
      ...(clipping !== 'none' && { clip }),
    });
    const outputs = await session.run({
      ...state,
      ...Object.fromEntries(NAMES.map((name) => [stateName.gradient(name), one(GRADIENTS[name])])),
      ...Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, one([value])])),
    });
    state = Object.fromEntries(Object.keys(state).map((name) => [name, outputs[stateName.next(name)]!]));
    norm = outputs['norm']?.data[0];
  }
  await session.release();
  return { state, norm };
}

// The mean gradients are (3, −0.4) and (−1); their length is √10.16.
test.each([
  ['none', 0, { a: [3, -0.4], b: [-1] }],
  ['value', 0.5, { a: [0.5, -0.4], b: [-0.5] }],
  ['norm', 1, { a: [3 / Math.sqrt(10.16), -0.4 / Math.sqrt(10.16)], b: [-1 / Math.sqrt(10.16)] }],
  ['norm', 100, { a: [3, -0.4], b: [-1] }],
] as const)(
  'clipping by %s at %d bounds the mean of the accumulated gradients',
  async (clipping, clip, used) => {
    const { state, norm } = await twoSteps(clipping, clip);
    if (clipping === 'norm') expect(norm).toBeCloseTo(Math.sqrt(10.16), 5);
    for (const [name, values] of Object.entries(expectedWeights(used))) {
      for (const [i, { weight, mean, square, average }] of values.entries()) {
        expect(state[name]!.data[i]).toBeCloseTo(weight, 5);
        expect(state[stateName.mean(name)]!.data[i]).toBeCloseTo(mean, 5);
        expect(state[stateName.square(name)]!.data[i]).toBeCloseTo(square, 6);
        expect(state[stateName.average(name)]!.data[i]).toBeCloseTo(average, 5);
      }
    }
  },
);
