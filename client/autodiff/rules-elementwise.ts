// Gradients of arithmetic and of elementary functions.
import type { Value } from '../onnx/value.ts';
import { NO_GRADIENT, type RuleTable } from './rule.ts';

export const ELEMENTWISE: RuleTable = {
  Add: ({ dy }) => [() => dy, () => dy],
  Sub: ({ graph, dy }) => [() => dy, () => graph.Neg(dy)],
  Mul: ({ graph, dy, input }) => [() => graph.Mul(dy, input(1)), () => graph.Mul(dy, input(0))],
  Div: ({ graph, dy, input, output }) => [
    () => graph.Div(dy, input(1)),
    () => graph.Neg(graph.Div(graph.Mul(dy, output()), input(1))),
  ],
  Neg: ({ graph, dy }) => [() => graph.Neg(dy)],
  /** At 0 the slope of the right side. */
  Abs: ({ graph, dy, input }) => [
    () => graph.Where(graph.Greater(graph.scalar(0), input(0)), graph.Neg(dy), dy),
  ],
  Exp: ({ graph, dy, output }) => [() => graph.Mul(dy, output())],
  Log: ({ graph, dy, input }) => [() => graph.Div(dy, input(0))],
  Sqrt: ({ graph, dy, output }) => [() => graph.Div(graph.Mul(dy, graph.scalar(0.5)), output())],
  Sin: ({ graph, dy, input }) => [() => graph.Mul(dy, graph.Cos(input(0)))],
  Cos: ({ graph, dy, input }) => [() => graph.Neg(graph.Mul(dy, graph.Sin(input(0))))],
  /** 2/√π · e^(−x²) */
  Erf: ({ graph, dy, input }) => [
    () => {
      const x = input(0);
      const bell = graph.Exp(graph.Neg(graph.Mul(x, x)));
      return graph.Mul(dy, graph.Mul(bell, graph.scalar(2 / Math.sqrt(Math.PI))));
    },
  ],
  Where: ({ graph, dy, input }) => {
    const chosen = (first: boolean): Value => {
      const zero = graph.scalar(0);
      return first ? graph.Where(input(0), dy, zero) : graph.Where(input(0), zero, dy);
    };
    return [undefined, () => chosen(true), () => chosen(false)];
  },
  /** Only float32 and half precision are cast in our graphs, and both are differentiated in float32. */
  Cast: ({ dy, inputType }) => [inputType(0).dtype.startsWith('float') ? () => dy : undefined],
  Greater: NO_GRADIENT,
  Equal: NO_GRADIENT,
  Floor: NO_GRADIENT,
};
