// Styles lowered into a graph of their own against the plain reference: activations, chains, folding, signatures.
import { describe, expect, test } from 'vitest';
import { applyReference } from '../../client/hypernetwork/apply.ts';
import {
  ACTIVATIONS,
  type Activation,
  type Hypernetwork,
  type Layer,
  type LayerStack,
  type StrengthenedHypernetwork,
} from '../../client/hypernetwork/hypernetwork.ts';
import { activate } from '../../client/models/activations.ts';
import { StyleLayers } from '../../client/models/style-layers.ts';
import { styleFeeds, styleSignature } from '../../client/models/styles.ts';
import { graphBuilder } from '../../client/onnx/builder.ts';
import { emitGraph } from '../../client/onnx/emit.ts';
import type { EmittedGraph } from '../../client/onnx/graph.ts';
import { createSession } from '../../client/runtime/create.ts';
import { relativeError, type Tensor, tensor } from '../../client/tensor/tensor.ts';

const WIDTH = 6;
const WIDTHS = { selfAttentionWidths: [WIDTH, 10] };

/** Numbers in −1 … 1 that look random and are the same each time. */
function wavy(shape: readonly number[], phase: number): Tensor {
  const result = tensor(shape);
  for (let i = 0; i < result.data.length; i++) result.data[i] = Math.sin(12.9898 * (i + 1) + 78.233 * phase);
  return result;
}

function linear(outputs: number, inputs: number, phase: number): Layer {
  return { kind: 'linear', weight: wavy([outputs, inputs], phase), bias: wavy([outputs], phase + 0.5) };
}

function style(k: LayerStack, v: LayerStack, strength: number, width = WIDTH): StrengthenedHypernetwork {
  const hypernetwork: Hypernetwork = {
    description: {
      name: 'test',
      step: null,
      layerStructure: [1, 2, 1],
      activation: 'linear',
      layerNorm: false,
      activateOutput: false,
      useDropout: false,
      dropoutStructure: [0, 0, 0],
      lastLayerDropout: false,
      weightInitialization: null,
      checkpointHash: null,
      checkpointName: null,
      optionalInfo: null,
    },
    widths: new Map([[width, { k, v }]]),
  };
  return { hypernetwork, strength };
}

const linearStyle = style([linear(12, 6, 1), linear(6, 12, 2)], [linear(3, 6, 3), linear(6, 3, 4)], 0.7);
const curvedStyle = style(
  [
    linear(12, 6, 5),
    { kind: 'activation', activation: 'prelu', slope: wavy([12], 6) },
    { kind: 'layer-norm', weight: wavy([12], 7), bias: wavy([12], 8) },
    linear(6, 12, 9),
  ],
  [linear(6, 6, 10), { kind: 'activation', activation: 'mish' }],
  -0.4,
);

function graphOf(styles: readonly StrengthenedHypernetwork[]): EmittedGraph {
  const graph = graphBuilder('styles');
  const layers = new StyleLayers(graph, styleSignature(styles, WIDTHS));
  const [k, v] = layers.bend(WIDTH, graph.input('x', 'float32', ['rows', WIDTH]))!;
  graph.output('k', k);
  graph.output('v', v);
  return emitGraph(graph);
}

async function bend(styles: readonly StrengthenedHypernetwork[], x: Tensor): Promise<Record<string, Tensor>> {
  const session = await createSession(graphOf(styles), { backend: 'wasm' });
  const result = await session.run({ x, ...styleFeeds(styles, styleSignature(styles, WIDTHS)) });
  await session.release();
  return result;
}

function reference(styles: readonly StrengthenedHypernetwork[], x: Tensor, kind: 'k' | 'v'): Tensor {
  return styles.reduce(
    (y, { hypernetwork, strength, factors }) =>
      applyReference(
        hypernetwork.widths.get(WIDTH)![kind],
        y,
        strength * (factors?.widths?.[WIDTH] ?? 1) * (factors?.[kind] ?? 1),
      ),
    x,
  );
}

test.each([
  ['one linear style', [linearStyle]],
  ['a chain of linear styles', [linearStyle, { ...linearStyle, strength: -1.5 }, linearStyle]],
  ['a style with PReLU, layer norm and mish', [curvedStyle]],
  ['linear and other styles mixed', [linearStyle, curvedStyle, linearStyle]],
  [
    'a folded chain with factors',
    [{ ...linearStyle, factors: { k: 0.5, widths: { 6: -2, 10: 7 } } }, linearStyle],
  ],
  [
    'a mixed chain with factors',
    [
      { ...linearStyle, factors: { v: 0 } },
      { ...curvedStyle, factors: { k: 3, widths: { 6: 0.5 } } },
    ],
  ],
  ['a chain with a style that varies', [linearStyle, { ...linearStyle, strength: -1.5, varies: true }]],
])('%s gives what the reference gives', async (_, styles) => {
  const x = wavy([5, WIDTH], 20);
  const { k, v } = await bend(styles, x);
  expect(relativeError(k!.data, reference(styles, x, 'k').data)).toBeLessThan(1e-5);
  expect(relativeError(v!.data, reference(styles, x, 'v').data)).toBeLessThan(1e-5);
});

test('a chain of linear styles costs one product each for K and V, whatever its length', () => {
  const chain = [linearStyle, linearStyle, linearStyle, linearStyle];
  expect(graphOf(chain).inputs.map(({ name, shape }) => `${name} ${shape.join('×')}`)).toEqual([
    'x rows×6',
    'styles.6.k.weight 6×6',
    'styles.6.k.bias 6',
    'styles.6.v.weight 6×6',
    'styles.6.v.bias 6',
  ]);
  expect(styleSignature(chain, WIDTHS).key).toBe(styleSignature([linearStyle], WIDTHS).key);
});

test('a style that varies takes its strength as an input, one session for all its steps', () => {
  const at = (strength: number) => [linearStyle, { ...linearStyle, strength, varies: true }];
  const signature = styleSignature(at(0.5), WIDTHS);
  expect(styleSignature(at(0), WIDTHS).key).toBe(signature.key);
  expect(styleFeeds(at(0), signature)['style1.6.v.strength']?.data).toEqual(Float32Array.of(0));
  const weights = [0.5, 0].map((strength) => styleFeeds(at(strength), signature)['style1.6.k.0.weight']);
  expect(weights[0]).toBe(weights[1]);
});

test('inputs are named by style, width, kind and layer', () => {
  expect(Object.keys(styleFeeds([curvedStyle], styleSignature([curvedStyle], WIDTHS))).sort()).toEqual([
    'style0.6.k.0.bias',
    'style0.6.k.0.weight',
    'style0.6.k.1.slope',
    'style0.6.k.2.bias',
    'style0.6.k.2.weight',
    'style0.6.k.3.bias',
    'style0.6.k.3.weight',
    'style0.6.k.strength',
    'style0.6.v.0.bias',
    'style0.6.v.0.weight',
    'style0.6.v.strength',
  ]);
});

test('the key tells structures apart, and not numbers', () => {
  const key = (styles: readonly StrengthenedHypernetwork[]) => styleSignature(styles, WIDTHS).key;
  expect(key([])).toBe('');
  expect(key([style([linear(6, 6, 1)], [linear(6, 6, 2)], 1, 768)])).toBe('');
  expect(key([{ ...curvedStyle, strength: 2, factors: { k: 0, widths: { 6: 3 } } }])).toBe(
    key([curvedStyle]),
  );
  const shapes = [
    [linearStyle],
    [curvedStyle],
    [curvedStyle, linearStyle],
    [linearStyle, curvedStyle],
    [style([linear(6, 6, 1), { kind: 'activation', activation: 'elu' }], [linear(6, 6, 2)], 1)],
    [style([linear(6, 6, 1), { kind: 'activation', activation: 'selu' }], [linear(6, 6, 2)], 1)],
    [style([linear(10, 10, 1)], [linear(10, 10, 2)], 1, 10)],
  ];
  expect(new Set(shapes.map(key)).size).toBe(shapes.length);
});

test('layers that do not meet are refused with the style and the width', () => {
  const broken = style([linear(12, 6, 1), linear(6, 11, 2)], [linear(6, 6, 3)], 1);
  expect(() => styleSignature([broken], WIDTHS)).toThrow(
    'style test, width 6, k: a linear layer has another width; expected 12, found 11',
  );
  const open = style([linear(12, 6, 1)], [linear(6, 6, 3)], 1);
  expect(() => styleSignature([open], WIDTHS)).toThrow('the layers do not lead back to their width');
});

test('feeds of styles that do not fit the signature are refused', () => {
  expect(() => styleFeeds([curvedStyle], styleSignature([linearStyle], WIDTHS))).toThrow(
    'the styles do not fit the signature',
  );
});

describe('activations, in float64 closed form:', () => {
  const softplus = (x: number) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0);
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const elu = (x: number, alpha = 1) => (x > 0 ? x : alpha * Math.expm1(x));
  const closedForms: Readonly<Record<Activation, (x: number) => number>> = {
    relu: (x) => Math.max(x, 0),
    leakyrelu: (x) => (x > 0 ? x : 0.01 * x),
    elu,
    swish: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
    tanh: Math.tanh,
    sigmoid,
    mish: (x) => x * Math.tanh(softplus(x)),
    gelu: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
    silu: (x) => x * sigmoid(x),
    softsign: (x) => x / (1 + Math.abs(x)),
    softplus,
    selu: (x) => 1.0507009873554805 * elu(x, 1.6732632423543772),
    celu: elu,
    prelu: (x) => (x > 0 ? x : 0.3 * x),
    hardtanh: (x) => Math.min(Math.max(x, -1), 1),
    hardsigmoid: (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
    hardshrink: (x) => (Math.abs(x) > 0.5 ? x : 0),
    softshrink: (x) => Math.sign(x) * Math.max(Math.abs(x) - 0.5, 0),
    tanhshrink: (x) => x - Math.tanh(x),
    logsigmoid: (x) => -softplus(-x),
    relu6: (x) => Math.min(Math.max(x, 0), 6),
    rrelu: (x) => (x > 0 ? x : x * (11 / 48)),
  };
  const points = Float32Array.from({ length: 161 }, (_, i) => (i - 80) / 8).map((x) => (x === 0 ? 0 : x));
  const x = tensor([161, 1], Float32Array.of(...points.slice(0, 157), -100, 100, -30, 30));

  test.each(ACTIVATIONS)('%s', async (activation) => {
    const graph = graphBuilder(activation);
    const input = graph.input('x', 'float32', ['rows', 1]);
    graph.output('y', activate(graph, activation, input, graph.floats([0.3], [1])));
    const session = await createSession(emitGraph(graph), { backend: 'wasm' });
    const { y } = await session.run({ x });
    await session.release();
    for (const [i, value] of x.data.entries()) {
      const wanted = closedForms[activation](value);
      expect(Math.abs(y!.data[i]! - wanted), `${activation}(${value})`).toBeLessThan(
        2e-6 * Math.max(1, Math.abs(wanted)),
      );
    }
  });
});

/** The error function: its Taylor series for small x, its continued fraction for the tail. */
function erf(x: number): number {
  const z = Math.abs(x);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let n = 1; n < 100; n++) {
      term *= -(z * z) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = z;
  for (let n = 60; n > 0; n--) fraction = z + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-z * z) / (fraction * Math.sqrt(Math.PI)));
}
