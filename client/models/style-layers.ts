// Lowers styles into the UNet: before self-attention's keys and values run layers whose numbers are graph inputs.
import type { GraphBuilder } from '../onnx/builder.ts';
import type { Value } from '../onnx/value.ts';
import { activate } from './activations.ts';
import type { ChainShape, LayerShape, StackShape, StyleSignature, WidthShape } from './signature.ts';
import { foldedNames, layerNames, strengthName } from './style-names.ts';
import type { ContextBender } from './transformer.ts';

/** PyTorch's default, which hypernetworks use. */
const LAYER_NORM_EPSILON = 1e-5;

/** The styles' layers in one graph. Inputs are declared once and shared by all attentions of a width. */
export class StyleLayers implements ContextBender {
  readonly #graph: GraphBuilder;
  readonly #widths = new Map<number, WidthShape>();
  readonly #inputs = new Map<string, Value>();

  constructor(graph: GraphBuilder, signature: StyleSignature) {
    this.#graph = graph;
    for (const shape of signature.widths) this.#widths.set(shape.width, shape);
  }

  /** Rows x [rows, width] as keys and as values read them; undefined when no style has this width. */
  bend(width: number, x: Value): readonly [k: Value, v: Value] | undefined {
    const shape = this.#widths.get(width);
    if (shape === undefined) return undefined;
    return [this.#chain(x, width, 'k', shape.k), this.#chain(x, width, 'v', shape.v)];
  }

  #chain(x: Value, width: number, kind: 'k' | 'v', chain: ChainShape): Value {
    return this.#graph.within(`styles.${kind}`, () => {
      if (chain.kind === 'stacks') {
        return chain.stacks.reduce((y, stack) => this.#stack(y, width, kind, stack), x);
      }
      const names = foldedNames(width, kind);
      const weight = this.#input(names.weight, [width, width]);
      return this.#graph.Gemm(x, weight, this.#input(names.bias, [width]), { transB: true });
    });
  }

  /** y = x + f(x) · strength */
  #stack(x: Value, width: number, kind: 'k' | 'v', { style, layers }: StackShape): Value {
    const graph = this.#graph;
    const added = layers.reduce(
      (y, layer, index) => this.#layer(y, layer, layerNames(style, width, kind, index)),
      x,
    );
    return graph.Add(x, graph.Mul(added, this.#input(strengthName(style, width, kind), [1])));
  }

  #layer(x: Value, layer: LayerShape, names: ReturnType<typeof layerNames>): Value {
    const graph = this.#graph;
    switch (layer.kind) {
      case 'linear': {
        const weight = this.#input(names.weight, [layer.outputs, layer.inputs]);
        return graph.Gemm(x, weight, this.#input(names.bias, [layer.outputs]), { transB: true });
      }
      case 'layer-norm': {
        const scale = this.#input(names.weight, [layer.width]);
        return graph.LayerNormalization(x, scale, this.#input(names.bias, [layer.width]), LAYER_NORM_EPSILON);
      }
      case 'activation': {
        const slope = layer.slopes === 0 ? undefined : this.#input(names.slope, [layer.slopes]);
        return activate(graph, layer.activation, x, slope);
      }
    }
  }

  #input(name: string, shape: readonly number[]): Value {
    const known = this.#inputs.get(name);
    if (known !== undefined) return known;
    const value = this.#graph.input(name, 'float32', shape);
    this.#inputs.set(name, value);
    return value;
  }
}
