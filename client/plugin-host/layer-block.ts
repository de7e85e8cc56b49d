// Layer stacks as the ABI's blocks and back: what `tincture_load` takes and `tincture_layers` gives.
import { ABI_ACTIVATIONS, LAYER_HEADER_BYTES, LAYER_KIND, LAYER_VALUES } from '../../plugins/contract/abi.ts';
import { MAX_LAYERS, MAX_WIDTH } from '../../plugins/contract/limits.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import { type LayerHeader, readHeaders } from '../../plugins/host/layer-header.ts';
import type { LayerBlocks } from '../../plugins/host/plugin.ts';
import type { Activation, Layer, LayerPair, LayerStack } from '../hypernetwork/hypernetwork.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { widenToFloat32 } from '../tensor/widen.ts';

/** Codes by name; the type makes sure that the ABI knows every activation. */
const ACTIVATION_CODES = Object.fromEntries(ABI_ACTIVATIONS.map((name, code) => [name, code])) as Readonly<
  Record<Activation & (typeof ABI_ACTIVATIONS)[number], number>
>;

/**
 * One block for each layer. Throws `plugin/input` where a layer's tensors do not fit the width before it, and for
 * stacks beyond the limits; `where` names the style and the side.
 */
export function encodeStack(where: string, width: number, stack: LayerStack): Uint8Array<ArrayBuffer>[] {
  if (stack.length === 0 || stack.length > MAX_LAYERS) {
    throw new PluginError('input', 'a stack has too few or too many layers', {
      where,
      expected: `1 to ${MAX_LAYERS}`,
      found: String(stack.length),
    });
  }
  let current = width;
  return stack.map((layer, index) => {
    const { block, outputs } = encodeLayer(`${where}, layer ${index}`, current, layer);
    current = outputs;
    return block;
  });
}

/** Blocks of both sides; see `encodeStack`. */
export function encodePair(where: string, width: number, pair: LayerPair): LayerBlocks {
  return {
    k: encodeStack(`${where}, keys`, width, pair.k),
    v: encodeStack(`${where}, values`, width, pair.v),
  };
}

/**
 * The layers of blocks as `Plugin.layers` gives them; float16 values are widened, float32 values are views of the blocks where they
 * are aligned. Throws `plugin/invalid` for blocks that are not what their headers say or do not lead from `width` to `width`.
 */
export function decodeStack(
  where: string,
  width: number,
  blocks: readonly Uint8Array<ArrayBuffer>[],
): LayerStack {
  return readHeaders(where, width, blocks, 'invalid').map((header, index) =>
    decodeLayer(header, blocks[index]!),
  );
}

/** Layers of both sides; see `decodeStack`. */
export function decodePair(where: string, width: number, blocks: LayerBlocks): LayerPair {
  return {
    k: decodeStack(`${where}, keys`, width, blocks.k),
    v: decodeStack(`${where}, values`, width, blocks.v),
  };
}

function decodeLayer(header: LayerHeader, block: Uint8Array<ArrayBuffer>): Layer {
  const values = widenToFloat32(header.bytes === 2 ? 'F16' : 'F32', block.subarray(LAYER_HEADER_BYTES));
  const pair = (shape: readonly number[], length: number): { weight: Tensor; bias: Tensor } => ({
    weight: tensor(shape, values.subarray(0, -length)),
    bias: tensor([length], values.subarray(-length)),
  });
  if (header.kind === 'linear') {
    return { kind: 'linear', ...pair([header.outputs, header.inputs], header.outputs) };
  }
  if (header.kind === 'layer-norm') return { kind: 'layer-norm', ...pair([header.width], header.width) };
  const { activation, slopes } = header;
  if (slopes === 0) return { kind: 'activation', activation };
  return { kind: 'activation', activation, slope: tensor([slopes], values) };
}

function encodeLayer(
  where: string,
  width: number,
  layer: Layer,
): { block: Uint8Array<ArrayBuffer>; outputs: number } {
  if (layer.kind === 'linear') {
    const outputs = layer.weight.shape[0] ?? 0;
    if (outputs < 1 || outputs > MAX_WIDTH) {
      throw new PluginError('input', 'a layer has an impossible width', {
        where,
        expected: `1 to ${MAX_WIDTH}`,
        found: String(outputs),
      });
    }
    checkLength(where, 'weight', layer.weight.data, outputs * width);
    checkLength(where, 'bias', layer.bias.data, outputs);
    return { block: blockOf(layer.kind, width, outputs, 0, [layer.weight.data, layer.bias.data]), outputs };
  }
  if (layer.kind === 'layer-norm') {
    checkLength(where, 'weight', layer.weight.data, width);
    checkLength(where, 'bias', layer.bias.data, width);
    return { block: blockOf(layer.kind, width, 0, 0, [layer.weight.data, layer.bias.data]), outputs: width };
  }
  const code = ACTIVATION_CODES[layer.activation];
  const slopes = layer.slope?.data ?? new Float32Array(0);
  if (
    (layer.activation === 'prelu') !== slopes.length > 0 ||
    (slopes.length > 1 && slopes.length !== width)
  ) {
    throw new PluginError('input', `${layer.activation} has ${slopes.length} slopes`, {
      where,
      expected: layer.activation === 'prelu' ? `1 or ${width}` : 'none',
    });
  }
  return { block: blockOf(layer.kind, slopes.length, 0, code, [slopes]), outputs: width };
}

function checkLength(where: string, what: string, data: Float32Array, count: number): void {
  if (data.length === count) return;
  throw new PluginError('input', `${what} does not fit the layer before`, {
    where,
    expected: `${count} values`,
    found: String(data.length),
  });
}

function blockOf(
  kind: Layer['kind'],
  inputs: number,
  outputs: number,
  activation: number,
  parts: readonly Float32Array[],
): Uint8Array<ArrayBuffer> {
  const values = parts.reduce((sum, part) => sum + part.length, 0);
  const buffer = new ArrayBuffer(LAYER_HEADER_BYTES + 4 * values);
  const header = new DataView(buffer, 0, LAYER_HEADER_BYTES);
  const words = [LAYER_KIND[kind], LAYER_VALUES.float32, inputs, outputs, activation];
  words.forEach((word, i) => {
    header.setUint32(4 * i, word, true);
  });
  // Typed arrays are little-endian on every platform that runs WebAssembly engines.
  let at = LAYER_HEADER_BYTES / 4;
  const floats = new Float32Array(buffer);
  for (const part of parts) {
    floats.set(part, at);
    at += part.length;
  }
  return new Uint8Array(buffer);
}
