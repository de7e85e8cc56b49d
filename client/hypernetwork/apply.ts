// A hypernetwork's layers in plain TypeScript: the reference that kernels, plugins and graphs are held against.
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { activationFunctions } from './activations.ts';
import { HypernetworkError } from './errors.ts';
import type { Layer, LayerStack } from './hypernetwork.ts';

/** PyTorch's default, which the reference uses. */
export const LAYER_NORM_EPSILON = 1e-5;

/** Rows of values between layers, in float64. */
interface Rows {
  readonly width: number;
  readonly data: Float64Array;
}

/**
 * y = x + f(x) · strength for x [rows, width], with f the layers in order. Computed in float64 and rounded once.
 * Throws `hypernetwork/width` when x does not fit the first layer or f does not give back its width.
 */
export function applyReference(stack: LayerStack, x: Tensor, strength: number): Tensor {
  const [rows, width] = x.shape;
  if (x.shape.length !== 2 || rows === undefined || width === undefined) {
    throw new HypernetworkError('width', 'a context is not [rows, width]', {
      found: `[${x.shape.join(', ')}]`,
    });
  }
  let values: Rows = { width, data: Float64Array.from(x.data) };
  for (const layer of stack) values = applyLayer(layer, values, rows);
  checkWidth('the layers', width, values.width);
  return tensor(
    [rows, width],
    x.data.map((value, i) => value + values.data[i]! * strength),
  );
}

function applyLayer(layer: Layer, input: Rows, rows: number): Rows {
  switch (layer.kind) {
    case 'linear':
      return linear(layer.weight, layer.bias, input, rows);
    case 'activation': {
      const activation = activationFunctions[layer.activation];
      const slopes = layer.slope?.data ?? new Float32Array(1);
      const data = input.data.map((value, i) =>
        activation(value, slopes[(i % input.width) % slopes.length]!),
      );
      return { width: input.width, data };
    }
    case 'layer-norm':
      return layerNorm(layer.weight, layer.bias, input, rows);
  }
}

function linear(weight: Tensor, bias: Tensor, input: Rows, rows: number): Rows {
  const [outputs, inputs] = weight.shape as readonly [number, number];
  checkWidth('a linear layer', inputs, input.width);
  const data = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < outputs; o++) {
      let sum = bias.data[o]!;
      for (let i = 0; i < inputs; i++) sum += input.data[row * inputs + i]! * weight.data[o * inputs + i]!;
      data[row * outputs + o] = sum;
    }
  }
  return { width: outputs, data };
}

/** (x − mean) / √(variance + ε) · weight + bias over the last axis, with the biased variance. */
function layerNorm(weight: Tensor, bias: Tensor, { width, data: input }: Rows, rows: number): Rows {
  checkWidth('a layer norm', weight.data.length, width);
  const data = new Float64Array(rows * width);
  for (let start = 0; start < data.length; start += width) {
    let mean = 0;
    for (let i = 0; i < width; i++) mean += input[start + i]! / width;
    let variance = 0;
    for (let i = 0; i < width; i++) variance += (input[start + i]! - mean) ** 2 / width;
    const scale = 1 / Math.sqrt(variance + LAYER_NORM_EPSILON);
    for (let i = 0; i < width; i++) {
      data[start + i] = (input[start + i]! - mean) * scale * weight.data[i]! + bias.data[i]!;
    }
  }
  return { width, data };
}

function checkWidth(what: string, expected: number, found: number): void {
  if (expected === found) return;
  throw new HypernetworkError('width', `${what} cannot take this context`, {
    expected: `width ${expected}`,
    found: `${found}`,
  });
}
