// The walker: which nodes it builds, what it refuses, and what recomputation keeps.
import { expect, test } from 'vitest';
import { gradients } from '../../client/autodiff/gradients.ts';
import { peakMemory } from '../../client/autodiff/peak-memory.ts';
import { cheapRecomputation, segmentRecomputation } from '../../client/autodiff/recompute.ts';
import { type GraphBuilder, graphBuilder } from '../../client/onnx/builder.ts';
import { emitGraph } from '../../client/onnx/emit.ts';
import type { Value } from '../../client/onnx/value.ts';
import { configureRuntime } from '../../client/runtime/configure.ts';
import { createSession } from '../../client/runtime/create.ts';
import { tensor } from '../../client/tensor/tensor.ts';

configureRuntime({ threads: 1 });

const PADS = { pads: [1, 1, 1, 1] } as const;

/** A convolution of x with a weight, and its mean. */
function convolution(graph: GraphBuilder) {
  const x = graph.input('x', 'float32', [1, 2, 4, 4]);
  const weight = graph.input('weight', 'float32', [3, 2, 3, 3]);
  const y = graph.Conv(x, weight, graph.floats([0, 0, 0], [3]), PADS);
  return { x, weight, loss: graph.ReduceMean(y) };
}

/** Ops that the gradient added. */
function added(build: (graph: GraphBuilder) => readonly [Value, readonly Value[]]): string[] {
  const graph = graphBuilder('case');
  const [loss, wrt] = build(graph);
  const before = graph.nodes.length;
  gradients(graph, loss, wrt);
  return graph.nodes.slice(before).map(({ op }) => op);
}

test('a frozen weight gets no gradient, nor does an input that nobody asks for', () => {
  const wrt = (pick: 'x' | 'weight') =>
    added((graph) => {
      const parts = convolution(graph);
      return [parts.loss, [parts[pick]]];
    });
  expect(wrt('x')).toContain('ConvTranspose');
  expect(wrt('x')).not.toContain('Gemm');
  expect(wrt('weight')).toContain('Gemm');
  expect(wrt('weight')).not.toContain('ConvTranspose');
});

test('a branch that does not reach what is differentiated costs nothing', () => {
  const ops = added((graph) => {
    const [x, y] = [graph.input('x', 'float32', [2]), graph.input('y', 'float32', [2])];
    return [graph.ReduceSum(graph.Add(graph.Sin(x), graph.Exp(graph.Tanh(y)))), [x]];
  });
  expect(ops.sort()).toEqual(['Cos', 'Expand', 'Mul']);
});

test('what is refused is named', () => {
  const graph = graphBuilder('case');
  const x = graph.input('x', 'float32', [1, 2, 8]);
  const other = graph.input('other', 'float32', [1]);
  const heard = graph.MultiHeadAttention(x, x, x, 2);
  expect(() => gradients(graph, graph.ReduceSum(heard), [x])).toThrow(
    /no gradient for the op MultiHeadAttention.*plain attention/s,
  );
  expect(() => gradients(graph, heard, [x])).toThrow(/one number/);
  expect(() => gradients(graph, graph.ReduceSum(graph.Floor(x)), [x])).toThrow(/does not depend.*x/s);
  expect(() => gradients(graph, graph.ReduceSum(x), [x, other])).toThrow(/does not depend.*other/s);
});

test('gradients reach values in between and what several nodes read', async () => {
  const graph = graphBuilder('case');
  const x = graph.input('x', 'float32', [2]);
  const between = graph.Mul(x, graph.scalar(3));
  const loss = graph.ReduceSum(graph.Add(graph.Mul(between, between), between));
  const [dx, dBetween] = gradients(graph, loss, [x, between]);
  graph.output('dx', dx!);
  graph.output('dBetween', dBetween!);
  const session = await createSession(emitGraph(graph), { backend: 'wasm' });
  const found = await session.run({ x: tensor([2], Float32Array.of(1, -2)) });
  await session.release();
  expect([...found['dBetween']!.data]).toEqual([7, -11]);
  expect([...found['dx']!.data]).toEqual([21, -33]);
});

/** A chain of products with activations between, one scope a layer. */
function chain(plan: 'kept' | 'cheap' | 'segments') {
  const [layers, rows, width] = [6, 64, 16];
  const graph = graphBuilder('chain');
  let x: Value = graph.input('x', 'float32', [rows, width]);
  const weights: Value[] = [];
  for (let layer = 0; layer < layers; layer++) {
    x = graph.within(`layer${layer}`, () => {
      const weight = graph.input(`weight${layer}`, 'float32', [width, width]);
      weights.push(weight);
      const inner = graph.Tanh(graph.Gemm(graph.QuickGelu(graph.Gemm(x, weight), 1), weight));
      return graph.Tanh(graph.Mul(inner, graph.scalar(1.5)));
    });
  }
  const loss = graph.Reshape(graph.ReduceMean(graph.Mul(x, x)), [1]);
  const boundary = graph.nodes.length;
  const zero = graph.input('zero', 'float32', [1]);
  const recompute = plan === 'cheap' ? cheapRecomputation(graph, zero, 1) : segmentRecomputation(zero);
  const found = gradients(graph, loss, weights, plan === 'kept' ? {} : { recompute });
  for (const [layer, gradient] of found.entries()) graph.output(`gradient${layer}`, gradient);
  const feeds = {
    x: tensor(
      [rows, width],
      Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i * i)),
    ),
    zero: tensor([1]),
    ...Object.fromEntries(
      weights.map(({ name }, layer) => [
        name,
        tensor(
          [width, width],
          Float32Array.from({ length: width * width }, (_, i) => Math.cos(i * i + layer) / 3),
        ),
      ]),
    ),
  };
  return { graph, feeds, memory: peakMemory(graph, boundary), bytes: rows * width * 4 };
}

test('recomputation keeps less and computes the same', async () => {
  const results = [];
  for (const plan of ['kept', 'cheap', 'segments'] as const) {
    const { graph, feeds, memory, bytes } = chain(plan);
    const session = await createSession(emitGraph(graph), { backend: 'wasm' });
    results.push({ found: await session.run(feeds), kept: memory.kept / bytes, peak: memory.peak / bytes });
    await session.release();
  }
  const [kept, cheap, segments] = results as [(typeof results)[0], (typeof results)[0], (typeof results)[0]];
  // Of each of six layers: the first product and its SiLU, and the two tanh.
  expect(kept.kept).toBe(6 * 4);
  // The two products, and the tanh that crosses into the next layer.
  expect(cheap.kept).toBe(6 * 3);
  expect(segments.kept).toBe(6);
  expect(segments.peak).toBeLessThan(kept.peak / 2);
  for (const name of Object.keys(kept.found)) {
    for (const other of [cheap, segments]) {
      const [a, b] = [other.found[name]!.data, kept.found[name]!.data];
      const largest = Math.max(...b.map(Math.abs));
      expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / largest).toBeLessThan(1e-5);
    }
  }
});
