// Every rule against central differences of the op itself, on random shapes. onnxruntime-web has no float64 kernels for
// these ops, so the differences are of fourth order in float32, summed up in double precision.
import { expect, test } from 'vitest';
import { gradients } from '../../client/autodiff/gradients.ts';
import { NO_GRADIENT } from '../../client/autodiff/rule.ts';
import { RULES } from '../../client/autodiff/rules.ts';
import { graphBuilder } from '../../client/onnx/builder.ts';
import { emitGraph } from '../../client/onnx/emit.ts';
import { configureRuntime } from '../../client/runtime/configure.ts';
import { createSession } from '../../client/runtime/create.ts';
import type { Feed } from '../../client/runtime/session.ts';
import { elementCount, tensor } from '../../client/tensor/tensor.ts';
import { CASES, type Case, stream } from './cases.ts';

configureRuntime({ threads: 1 });

/** Shapes drawn for each case. */
const DRAWS = Number(process.env['TINCTURE_GRADIENT_DRAWS'] ?? 2);
/** Smaller than half the distance that values keep from kinks. */
const STEP = 0.04;
/** (8·(f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12h = f′(x) + O(h⁴) */
const STENCIL = [[-2, 1 / 12], [-1, -8 / 12], [1, 8 / 12], [2, -1 / 12]] as const; // biome-ignore format: a table
/** Largest error beside the largest gradient, or beside 1 where that is less. */
const TOLERANCE = 3e-4;

test('there is a case for every op that has a gradient', () => {
  const tested = new Set(Object.keys(CASES).map((name) => name.split(' ')[0]));
  const differentiable = Object.keys(RULES).filter((op) => RULES[op] !== NO_GRADIENT);
  expect([...tested].sort()).toEqual(differentiable.sort());
});

test.each(Object.keys(CASES))('%s', async (name) => {
  for (let draw = 0; draw < DRAWS; draw++) {
    const random = stream(1000 * draw + name.length * 7919 + name.charCodeAt(0));
    const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
    await check(CASES[name]!(between), random);
  }
});

async function check(one: Case, random: () => number): Promise<void> {
  const isIndex = (index: number) => one.indices !== undefined && index === 1;
  const feeds = one.shapes.map((shape, index): Feed => {
    const count = elementCount(shape);
    if (isIndex(index)) {
      return { shape, data: Int32Array.from({ length: count }, () => Math.floor(random() * one.indices!)) };
    }
    const draw = () => (random() < 0.5 ? -1 : 1) * (0.1 + 1.9 * random());
    return tensor(
      shape,
      Float32Array.from({ length: count }, () => one.at?.(draw()) ?? draw()),
    );
  });
  const graph = graphBuilder('case');
  const inputs = one.shapes.map((shape, index) =>
    graph.input(`x${index}`, isIndex(index) ? 'int32' : 'float32', shape),
  );
  const y = one.build(graph, ...inputs);
  const shape = y.shape as number[];
  const factors = Float32Array.from({ length: elementCount(shape) }, () => 2 * random() - 1);
  const loss = graph.ReduceSum(graph.Mul(y, graph.floats(factors, shape)));
  const trained = inputs.filter((_, index) => !isIndex(index));
  graph.output('y', y);
  for (const [index, gradient] of gradients(graph, loss, trained).entries()) {
    expect(gradient.shape).toEqual(trained[index]!.shape);
    graph.output(`gradient.${trained[index]!.name}`, gradient);
  }
  const session = await createSession(emitGraph(graph), { backend: 'wasm' });
  const run = () => session.run(Object.fromEntries(feeds.map((feed, index) => [`x${index}`, feed])));
  const found = await run();
  for (const [index, { data }] of feeds.entries()) {
    if (isIndex(index)) continue;
    const gradient = found[`gradient.x${index}`]!.data;
    const scale = Math.max(1, ...gradient.map(Math.abs));
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      let difference = 0;
      for (const [steps, factor] of STENCIL) {
        data[i] = value + steps * STEP;
        const at = (await run())['y']!.data;
        difference += (factor / STEP) * at.reduce((sum, element, j) => sum + element * factors[j]!, 0);
      }
      data[i] = value;
      const error = Math.abs(difference - gradient[i]!) / scale;
      expect(error, `input ${index}, element ${i}: ${gradient[i]}, not ${difference}`).toBeLessThan(
        TOLERANCE,
      );
    }
  }
  await session.release();
}
