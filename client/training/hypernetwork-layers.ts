// A hypernetwork under training as nodes of a graph: its parameters are graph inputs, its dropout is real.
import type { HypernetworkDescription } from '../hypernetwork/hypernetwork.ts';
import { parameterName, SIDES, type Side } from '../hypernetwork/record.ts';
import { planSlots, type Slot } from '../hypernetwork/slots.ts';
import { activate } from '../models/activations.ts';
import { lastAxis } from '../models/network.ts';
import type { ContextBender } from '../models/transformer.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { Value } from '../onnx/value.ts';
import { Dropout } from './dropout.ts';

/** PyTorch's default, which hypernetworks use. */
const LAYER_NORM_EPSILON = 1e-5;

/** One linear layer with what follows it. */
interface Stage {
  readonly slots: readonly Slot[];
  /** Share of the values that are dropped behind it. */
  readonly dropout: number;
}

/** y = x + f(x) at full strength, as hypernetworks are trained. */
export class HypernetworkLayers implements ContextBender {
  /** Inputs by `parameterName`, in the file's order. */
  readonly parameters = new Map<string, Value>();
  readonly #graph: GraphBuilder;
  readonly #stages = new Map<number, readonly Stage[]>();
  readonly #dropout: Dropout | undefined;

  /** Without `dropout` nothing is dropped, as in use. */
  constructor(
    graph: GraphBuilder,
    description: HypernetworkDescription,
    widths: readonly number[],
    dropout = true,
  ) {
    this.#graph = graph;
    for (const width of widths) {
      const slots = planSlots(description, width, description.name);
      this.#stages.set(width, stagesOf(slots, dropout ? description.dropoutStructure : []));
      for (const side of SIDES) {
        for (const { slot, parameters } of slots) {
          for (const [parameter, shape] of Object.entries(parameters)) {
            const name = parameterName(width, side, slot, parameter);
            this.parameters.set(name, graph.input(name, 'float32', shape));
          }
        }
      }
    }
    const drops = [...this.#stages.values()].some((stages) => stages.some(({ dropout }) => dropout > 0));
    this.#dropout = drops ? new Dropout(graph) : undefined;
  }

  bend(width: number, x: Value): readonly [k: Value, v: Value] | undefined {
    if (!this.#stages.has(width)) return undefined;
    return [this.#side(width, 'k', x), this.#side(width, 'v', x)];
  }

  /** The context [batch, tokens, width] for keys and for values. */
  bendContext(context: Value): readonly [k: Value, v: Value] {
    const graph = this.#graph;
    const rows = graph.Reshape(context, [-1, lastAxis(context)]);
    const bent = this.bend(lastAxis(context), rows);
    if (bent === undefined) return [context, context];
    const shape = context.shape as number[];
    return [graph.Reshape(bent[0], shape), graph.Reshape(bent[1], shape)];
  }

  #side(width: number, side: Side, x: Value): Value {
    const graph = this.#graph;
    return graph.within(`hypernetwork.${side}`, () => {
      let y = x;
      for (const { slots, dropout } of this.#stages.get(width)!) {
        for (const slot of slots) {
          y = this.#slot(slot, y, (parameter) =>
            this.parameters.get(parameterName(width, side, slot.slot, parameter)),
          );
        }
        if (dropout > 0) y = this.#dropout!.apply(y, dropout);
      }
      return graph.Add(x, y);
    });
  }

  #slot({ kind, activation }: Slot, x: Value, parameter: (name: string) => Value | undefined): Value {
    const graph = this.#graph;
    switch (kind) {
      case 'linear':
        return graph.Gemm(x, parameter('weight')!, parameter('bias'), { transB: true });
      case 'layer-norm':
        return graph.LayerNormalization(x, parameter('weight')!, parameter('bias')!, LAYER_NORM_EPSILON);
      case 'activation':
        return activate(graph, activation!, x, parameter('weight'));
    }
  }
}

/** Groups the slots by linear layer; behind linear i stands the dropout of entry i + 1. */
function stagesOf(slots: readonly Slot[], dropoutStructure: readonly number[]): Stage[] {
  const groups: Slot[][] = [];
  for (const slot of slots) {
    if (slot.kind === 'linear') groups.push([slot]);
    else groups.at(-1)!.push(slot);
  }
  return groups.map((group, index) => ({ slots: group, dropout: dropoutStructure[index + 1] ?? 0 }));
}
