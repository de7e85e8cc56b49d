// Dropout in the graph: which values are dropped follows from a seed that is fed, on every backend.
import type { GraphBuilder } from '../onnx/builder.ts';
import type { Value } from '../onnx/value.ts';

/** The graph input [1] that seeds all masks of a step: a whole number from 0 to `SEED_LIMIT`. */
export const DROPOUT_SEED = 'dropout_seed';
/** Beyond this, float32 coordinates would be too coarse for the hash. */
export const SEED_LIMIT = 4096;

// Constants of the hash, after Dave Hoskins, "Hash without Sine" (2014): no trigonometry, whose precision differs by GPU.
const SCALE = 0.1031;
const OFFSET = 33.33;

/** Drops values of rows [rows, width], each application with a mask of its own. */
export class Dropout {
  readonly #graph: GraphBuilder;
  readonly #seed: Value;
  #applications = 0;

  constructor(graph: GraphBuilder) {
    this.#graph = graph;
    this.#seed = graph.input(DROPOUT_SEED, 'float32', [1]);
  }

  /**
   * x [rows, width] with a share `rate` of the values set to 0 and the rest divided by 1 − rate (Srivastava et al.,
   * 2014). The rows' number must be known.
   */
  apply(x: Value, rate: number): Value {
    const graph = this.#graph;
    const [rows, width] = x.shape as [number, number];
    const application = this.#applications++;
    return graph.within('dropout', () => {
      const down = count(rows, (row) => row + 1);
      const across = count(width, (column) => column + 1 + 17.17 * application);
      const a = this.#fraction(
        graph.Mul(graph.Add(graph.floats(down, [rows, 1]), this.#seed), graph.scalar(SCALE)),
      );
      const b = this.#fraction(
        graph.Mul(graph.Add(graph.floats(across, [1, width]), this.#seed), graph.scalar(SCALE)),
      );
      // dot(p, p.yzx + offset) of p = (a, b, a), then fract((p.x + p.y) · p.z) with the dot added to each.
      const dot = graph.Add(
        graph.Mul(a, graph.Add(b, graph.scalar(OFFSET))),
        graph.Add(
          graph.Mul(b, graph.Add(a, graph.scalar(OFFSET))),
          graph.Mul(a, graph.Add(a, graph.scalar(OFFSET))),
        ),
      );
      const first = graph.Add(a, dot);
      const uniform = this.#fraction(graph.Mul(graph.Add(first, graph.Add(b, dot)), first));
      const kept = graph.Greater(uniform, graph.scalar(rate));
      const factor = graph.Where(kept, graph.scalar(1 / (1 - rate)), graph.scalar(0));
      return graph.Mul(x, factor);
    });
  }

  #fraction(x: Value): Value {
    return this.#graph.Sub(x, this.#graph.Floor(x));
  }
}

function count(length: number, value: (index: number) => number): number[] {
  return Array.from({ length }, (_, index) => value(index));
}
