// Counts the multiplications of a UNet, with and without styles, from the graph that is really built.
import type { TensorFile } from '../../client/formats/entry.ts';
import type { StrengthenedHypernetwork } from '../../client/hypernetwork/hypernetwork.ts';
import type { ModelConfig } from '../../client/models/architecture.ts';
import { UNET_PREFIX } from '../../client/models/names.ts';
import { draftGraph } from '../../client/models/network.ts';
import { styleSignature } from '../../client/models/styles.ts';
import { unet } from '../../client/models/unet.ts';
import type { Dim } from '../../client/onnx/dimension.ts';
import type { Node, Value } from '../../client/onnx/value.ts';

/** Values of the graph's symbolic axes. */
export type Sizes = Readonly<Record<'batch' | 'height' | 'width' | 'tokens', number>>;

/** Multiplications of one UNet run in convolutions, matrix products and attention; element-wise ones are left out. */
export function countMultiplications(
  file: TensorFile,
  config: ModelConfig,
  styles: readonly StrengthenedHypernetwork[],
  sizes: Sizes,
): number {
  const signature = styleSignature(styles, config);
  const { graph } = draftGraph('unet', file, UNET_PREFIX, (network) => unet(network, config, { signature }));
  return graph.nodes.reduce((sum, node) => sum + multiplicationsOf(node, sizes), 0);
}

function multiplicationsOf({ op, inputs, outputs }: Node, sizes: Sizes): number {
  const elements = (value: Value | undefined) =>
    value!.shape.reduce<number>((all, dim) => all * sizeOf(dim, sizes), 1);
  const axis = (value: Value | undefined, at: number) => sizeOf(value!.shape.at(at)!, sizes);
  const [a, b] = inputs;
  switch (op) {
    case 'Conv':
      // Each output value sums over one filter: weight [out, in, height, width].
      return elements(outputs[0]) * (elements(b) / axis(b, 0));
    case 'Gemm':
    case 'MatMul':
      return elements(outputs[0]) * axis(a, -1);
    case 'MultiHeadAttention':
      // q·kᵀ and shares·v: [batch, queries, width] by [batch, keys, width].
      return 2 * elements(a) * axis(b, 1);
    default:
      return 0;
  }
}

/** Evaluates an axis such as `2*batch*height/4`. */
function sizeOf(dim: Dim, sizes: Sizes): number {
  if (typeof dim === 'number') return dim;
  const [top, divisor = '1'] = dim.split('/');
  const factors = top!.split('*').map((part) => {
    const size = /^\d+$/.test(part) ? Number(part) : sizes[part as keyof Sizes];
    if (size === undefined) throw new Error(`the axis ${dim} has a symbol without a size`);
    return size;
  });
  return factors.reduce((all, size) => all * size, 1) / Number(divisor);
}
