// Rollouts: a net that predicts the way goes straight to its pictures, and the guided step graph is the two halves' sum.
import { expect, test } from 'vitest';
import { fileSource } from '../../client/formats/node-file.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { recordOf } from '../../client/hypernetwork/record.ts';
import { emitGraph } from '../../client/onnx/emit.ts';
import { configureRuntime } from '../../client/runtime/configure.ts';
import { createSession } from '../../client/runtime/create.ts';
import { ALPHAS_CUMULATIVE } from '../../client/sampling/diffusion.ts';
import { relativeError, type Tensor, tensor } from '../../client/tensor/tensor.ts';
import { type Example, withPlain } from '../../client/training/examples.ts';
import { randomStream } from '../../client/training/random.ts';
import { type RolloutOptions, Rollouts } from '../../client/training/rollouts.ts';
import { buildStepGraph, gradientName } from '../../client/training/step-graph.ts';
import { openGolden } from './golden-training.ts';

const LATENT = [4, 2, 2];
const OPTIONS: RolloutOptions = {
  slots: 4,
  steps: 20,
  guidance: [1, 3],
  noise: { prediction: 'epsilon', minSnr: 5, snrFloor: 1, sampled: false },
  captions: { templates: ['[filewords]'], shuffleTags: false, tagDropout: 0, emptyShare: 1 },
  name: 'x',
  seed: 3n,
};
const values = (purpose: number, count = 16) => randomStream(9n, purpose).normal(count);

function examples(): Example[] {
  return [1, 2].map((number) => ({
    name: `${number}`,
    caption: `picture ${number}`,
    mean: tensor(LATENT, values(number)),
    deviation: tensor(LATENT),
    weight: tensor([1, 2, 2], new Float32Array(4).fill(1)),
    plain: tensor(LATENT, values(10 + number)),
  }));
}

test.each(['epsilon', 'v'] as const)(
  'a net that predicts %s on the way ends at its pictures',
  (prediction) => {
    const rollouts = new Rollouts(examples(), { ...OPTIONS, noise: { ...OPTIONS.noise, prediction } });
    const begun = new Set<number>();
    for (let step = 0; step < 60; step++) {
      const feeds = rollouts.feeds(step, 1);
      expect(feeds['sample']!.data.slice(64)).toEqual(feeds['sample']!.data.slice(0, 64));
      const prompts = rollouts.prompts(step);
      expect(prompts.slice(0, 4)).toEqual(['', '', '', '']);
      for (let slot = 0; slot < 4; slot++) {
        const guidance = feeds['guidance']!.data[4 + slot]!;
        expect(guidance).toBeGreaterThanOrEqual(1);
        expect(guidance).toBeLessThanOrEqual(3);
        expect(feeds['guidance']!.data[slot]).toBeCloseTo(1 - guidance, 6);
        const timestep = feeds['timestep']!.data[slot]!;
        expect(feeds['timestep']!.data[4 + slot]).toBe(timestep);
        const state = feeds['sample']!.data.slice(16 * slot, 16 * slot + 16);
        const number = prompts[4 + slot] === 'picture 1' ? 1 : 2;
        if (timestep === 951) {
          begun.add(number);
          // Start noise has a trace of the plain picture: √ᾱ(951) = 0.0903.
          const trace = values(10 + number).map((z, i) => state[i]! - Math.sqrt(ALPHAS_CUMULATIVE[951]!) * z);
          expect(relativeError(trace, state)).toBeLessThan(0.3);
        }
        if (timestep === 1) expect(relativeError(state, values(number))).toBeLessThan(0.15);
      }
      rollouts.advance(step, feeds['target']!);
    }
    expect([...begun].sort()).toEqual([1, 2]);
  },
);

test('the loss is weighed and scaled as that of noised pictures', () => {
  const rollouts = new Rollouts(examples(), OPTIONS);
  const { timestep, loss_weight: weight } = rollouts.feeds(0, 3);
  expect([...timestep!.data.slice(0, 4)]).toEqual([951, 701, 451, 201]);
  for (let slot = 0; slot < 4; slot++) {
    const alpha = ALPHAS_CUMULATIVE[timestep!.data[slot]!]!;
    const snr = alpha / (1 - alpha);
    expect(weight!.data[4 * slot]! / (3 * (Math.max(Math.min(snr, 5), 1) / snr))).toBeCloseTo(1, 5);
  }
});

test('states are taken up where they fit, else all begin anew', () => {
  const rollouts = new Rollouts(examples(), OPTIONS);
  const first = rollouts.states;
  rollouts.advance(0, tensor([4, ...LATENT]));
  expect(rollouts.states).not.toEqual(first);
  rollouts.restore(first, 0);
  expect(rollouts.states).toEqual(first);
  const fewer = new Rollouts(examples(), { ...OPTIONS, slots: 3 });
  const own = fewer.states;
  fewer.restore(first, 0);
  expect(fewer.states).toEqual(own);
});

test('what cannot be rolled out is refused by name', () => {
  const [one, two] = examples() as [Example, Example];
  expect(() => new Rollouts([one], { ...OPTIONS, slots: 17 })).toThrow(/1 to 16.*17/s);
  const wide = { ...two, mean: tensor([4, 2, 4]) };
  expect(() => new Rollouts([one, wide], OPTIONS)).toThrow(/one size.*4 × 2 × 2, 4 × 2 × 4/s);
  expect(() => withPlain([one, two], [one])).toThrow(/2.*no plain one/s);
  expect(withPlain([one], [{ ...two, name: '1' }])[0]!.plain).toBe(two.mean);
});

test('the guided graph: loss and gradients of the words’ half at guidance 1, and linear in the guidance', async () => {
  configureRuntime({ threads: 1 });
  const folder = new URL('../golden/sd-tiny/', import.meta.url).pathname;
  const golden = await openGolden((name) => fileSource(`${folder}${name}`));
  const style = await readHypernetwork(await golden.open('train-start.pt'));
  const trainee = {
    kind: 'hypernetwork',
    description: style.description,
    widths: [...style.widths.keys()],
  } as const;
  const weights = Object.fromEntries(
    [...recordOf(style).tensors].map(([name, { shape, bytes }]) => [
      name,
      tensor(shape, new Float32Array(bytes.slice().buffer)),
    ]),
  );
  const normal = (purpose: number, shape: readonly number[]) =>
    tensor(
      shape,
      values(
        purpose,
        shape.reduce((n, size) => n * size, 1),
      ),
    );
  const target = normal(3, [1, 4, 8, 8]);
  const feedsOf = (rows: readonly number[]) => {
    const part = (t: Tensor) => {
      const count = t.data.length / t.shape[0]!;
      return tensor(
        [rows.length, ...t.shape.slice(1)],
        Float32Array.from(rows.flatMap((row) => [...t.data.slice(row * count, (row + 1) * count)])),
      );
    };
    return {
      sample: part(normal(1, [2, 4, 8, 8])),
      timestep: tensor([rows.length], new Float32Array(rows.length).fill(600)),
      context: part(normal(2, [2, 77, 24])),
      target,
      loss_weight: tensor([1, 1, 8, 8], new Float32Array(64).fill(1)),
      ...weights,
    };
  };
  const session = (batch: number, guided: boolean) => {
    const size = { batch, height: 8, width: 8, tokens: 77 };
    const options = { memory: 'kept', guided } as const;
    const { graph } = buildStepGraph(golden.checkpoint, golden.config, trainee, size, options);
    return createSession(emitGraph(graph), { backend: 'wasm' });
  };
  const guided = await session(2, true);
  const at = (g: number) =>
    guided.run({ ...feedsOf([0, 1]), guidance: tensor([2, 1, 1, 1], Float32Array.of(1 - g, g)) });
  const [none, one, two] = [await at(0), await at(1), await at(2)];
  await guided.release();
  const plain = await session(1, false);
  const alone = await plain.run(feedsOf([1]));
  await plain.release();
  expect(relativeError(one['loss']!.data, alone['loss']!.data)).toBeLessThan(1e-5);
  for (const name of Object.keys(weights).filter((name) => !name.endsWith('.k.linear.2.bias'))) {
    const gradient = gradientName(name);
    expect(relativeError(one[gradient]!.data, alone[gradient]!.data), name).toBeLessThan(1e-4);
  }
  const line = one['guided']!.data.map((value, i) => 2 * value - none['guided']!.data[i]!);
  expect(relativeError(two['guided']!.data, line)).toBeLessThan(1e-5);
});
