// Every activation that hypernetworks can be trained with, as it is lowered, against central differences.
import { expect, test } from 'vitest';
import { gradients } from '../../client/autodiff/gradients.ts';
import { ACTIVATIONS } from '../../client/hypernetwork/hypernetwork.ts';
import { activate } from '../../client/models/activations.ts';
import { graphBuilder } from '../../client/onnx/builder.ts';
import { emitGraph } from '../../client/onnx/emit.ts';
import { configureRuntime } from '../../client/runtime/configure.ts';
import { createSession } from '../../client/runtime/create.ts';
import { tensor } from '../../client/tensor/tensor.ts';

/** Not near a kink of any: 0, ±0.5, ±1, ±3, 6. */
const POINTS = [-6.7, -3.6, -2.1, -1.4, -0.75, -0.25, 0.25, 0.75, 1.4, 2.1, 3.6, 6.7];
const STEP = 0.04;
const TOLERANCE = 1e-4;

test('the gradients of all activations, and of PReLU’s slope', async () => {
  configureRuntime({ threads: 1 });
  const graph = graphBuilder('activations');
  const x = graph.input('x', 'float32', [POINTS.length]);
  const slope = graph.input('slope', 'float32', [1]);
  for (const activation of ACTIVATIONS) {
    const y = activate(graph, activation, x, slope);
    graph.output(activation, y);
    const loss = graph.Reshape(graph.ReduceSum(y), [1]);
    const [dx, dSlope] = gradients(graph, loss, activation === 'prelu' ? [x, slope] : [x]);
    graph.output(`gradient.${activation}`, dx!);
    if (dSlope !== undefined) graph.output('gradient.slope', dSlope);
  }
  const session = await createSession(emitGraph(graph), { backend: 'wasm' });
  const run = (shift: number) =>
    session.run({
      x: tensor(
        [POINTS.length],
        Float32Array.from(POINTS, (point) => point + shift),
      ),
      slope: tensor([1], Float32Array.of(0.3)),
    });
  const [here, far, near, above, beyond] = [
    await run(0),
    await run(-2 * STEP),
    await run(-STEP),
    await run(STEP),
    await run(2 * STEP),
  ];
  await session.release();
  for (const activation of ACTIVATIONS) {
    const at = (outputs: typeof here, i: number) => outputs[activation]!.data[i]!;
    for (const [i, point] of POINTS.entries()) {
      const difference = (8 * (at(above, i) - at(near, i)) - (at(beyond, i) - at(far, i))) / (12 * STEP);
      const found = here[`gradient.${activation}`]!.data[i]!;
      expect(
        Math.abs(found - difference),
        `${activation} at ${point}: ${found}, not ${difference}`,
      ).toBeLessThan(TOLERANCE);
    }
  }
  const wanted = POINTS.reduce((sum, point) => sum + Math.min(point, 0), 0);
  expect(here['gradient.slope']!.data[0]).toBeCloseTo(wanted, 4);
});
