// The styles' numbers as feeds of a UNet that was built for their signature.
import { foldChain } from '../hypernetwork/fold.ts';
import type { LayerStack, StrengthenedHypernetwork } from '../hypernetwork/hypernetwork.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { ModelError } from './errors.ts';
import { chainOf, type StyleSignature } from './signature.ts';
import { foldedNames, layerNames, strengthName } from './style-names.ts';

export { type StyleSignature, styleSignature } from './signature.ts';

/**
 * The graph inputs that stand for the styles, by name. `styles` are those that `signature` was made of, or others of
 * the same signature, in order. Throws `model/style` when they do not fit it.
 */
export function styleFeeds(
  styles: readonly StrengthenedHypernetwork[],
  signature: StyleSignature,
): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const shape of signature.widths) {
    for (const kind of ['k', 'v'] as const) {
      const chain = chainOf(styles, shape.width, kind);
      const folded = shape[kind].kind === 'folded' ? foldChain(chain) : undefined;
      if (folded !== undefined) {
        const names = foldedNames(shape.width, kind);
        feeds[names.weight] = folded.weight;
        feeds[names.bias] = folded.bias;
        continue;
      }
      if (shape[kind].kind === 'folded') {
        throw new ModelError('style', 'the styles do not fit the signature', {
          where: `width ${shape.width}, ${kind}`,
          expected: 'linear layers',
          found: `${chain.length} styles with other layers`,
        });
      }
      for (const { style, stack, strength } of chain) {
        feeds[strengthName(style, shape.width, kind)] = tensor([1], Float32Array.of(strength));
        addStack(feeds, stack, style, shape.width, kind);
      }
    }
  }
  return feeds;
}

function addStack(
  feeds: Record<string, Tensor>,
  stack: LayerStack,
  style: number,
  width: number,
  kind: 'k' | 'v',
): void {
  for (const [index, layer] of stack.entries()) {
    const names = layerNames(style, width, kind, index);
    if (layer.kind === 'activation') {
      if (layer.slope !== undefined) feeds[names.slope] = tensor([layer.slope.data.length], layer.slope.data);
    } else {
      feeds[names.weight] = layer.weight;
      feeds[names.bias] = layer.bias;
    }
  }
}
