// Sums of two sets of gradients on the device.
import { graphBuilder } from '../onnx/builder.ts';
import { emitGraph } from '../onnx/emit.ts';
import { createDeviceSession } from '../runtime/create.ts';
import type { Backend, DeviceSession, DeviceTensor } from '../runtime/session.ts';
import { gradientName } from './step-graph.ts';

/** Device tensors by the name of the output that they were. */
export type Gradients = Readonly<Record<string, DeviceTensor>>;

/** Adds up gradients of the same parameters. */
export class GradientSum {
  readonly #session: DeviceSession;

  private constructor(session: DeviceSession) {
    this.#session = session;
  }

  /** The graph: `gradient.<name>` + `other.gradient.<name>` → `sum.gradient.<name>` for every parameter. */
  static async create(
    parameters: readonly { readonly name: string; readonly shape: readonly number[] }[],
    backend: Backend,
  ): Promise<GradientSum> {
    const graph = graphBuilder('gradient-sum');
    for (const { name, shape } of parameters) {
      const gradient = gradientName(name);
      const first = graph.input(gradient, 'float32', shape);
      graph.output(`sum.${gradient}`, graph.Add(first, graph.input(`other.${gradient}`, 'float32', shape)));
    }
    const emitted = emitGraph(graph);
    const keep = emitted.outputs.map(({ name }) => name);
    return new GradientSum(await createDeviceSession(emitted, { backend }, keep));
  }

  /** a + b; both are released. */
  async add(a: Gradients, b: Gradients): Promise<Gradients> {
    const others = Object.fromEntries(Object.entries(b).map(([name, value]) => [`other.${name}`, value]));
    const { kept } = await this.#session.run({ ...a, ...others });
    for (const value of [...Object.values(a), ...Object.values(b)]) value.release();
    return Object.fromEntries(Object.keys(a).map((name) => [name, kept[`sum.${name}`]!]));
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
