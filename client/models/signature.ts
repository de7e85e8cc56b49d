// What a set of styles looks like to the UNet's self-attention: the shapes of the layers, without their numbers.
import { isLinearChain } from '../hypernetwork/fold.ts';
import type { Activation, LayerStack, StrengthenedHypernetwork } from '../hypernetwork/hypernetwork.ts';
import { strengthAt } from '../hypernetwork/strength.ts';
import type { ModelConfig } from './architecture.ts';
import { ModelError } from './errors.ts';

/** One layer's shape. */
export type LayerShape =
  | { readonly kind: 'linear'; readonly inputs: number; readonly outputs: number }
  | { readonly kind: 'activation'; readonly activation: Activation; readonly slopes: number }
  | { readonly kind: 'layer-norm'; readonly width: number };

/** How one chain of stacks is lowered: as one matrix and bias (linear, the same at all steps), or stack by stack. */
export type ChainShape =
  | { readonly kind: 'folded' }
  | { readonly kind: 'stacks'; readonly stacks: readonly StackShape[] };

export interface StackShape {
  /** Which of the styles: the number in the inputs' names. */
  readonly style: number;
  readonly layers: readonly LayerShape[];
}

export interface WidthShape {
  readonly width: number;
  readonly k: ChainShape;
  readonly v: ChainShape;
}

/** Styles of one signature share a UNet session; their numbers are graph inputs. */
export interface StyleSignature {
  /** Equal for equal signatures; empty when no style reaches self-attention. */
  readonly key: string;
  readonly widths: readonly WidthShape[];
}

/** Layers of one stack: files have at most a few dozen, and each becomes nodes in every self-attention. */
const MAX_LAYERS = 256;

/** The signature of styles applied in order. Throws `model/style` on a stack that cannot be applied. */
export function styleSignature(
  styles: readonly StrengthenedHypernetwork[],
  config: Pick<ModelConfig, 'selfAttentionWidths'>,
): StyleSignature {
  const widths: WidthShape[] = [];
  for (const width of config.selfAttentionWidths) {
    if (!styles.some(({ hypernetwork }) => hypernetwork.widths.has(width))) continue;
    widths.push({ width, k: chainShape(styles, width, 'k'), v: chainShape(styles, width, 'v') });
  }
  const key = widths.map(({ width, k, v }) => `${width}: k ${chainKey(k)}; v ${chainKey(v)}`).join(' | ');
  return { key, widths };
}

/** One style's stack of a chain, with its number among all styles. */
export interface ChainStack {
  readonly style: number;
  readonly stack: LayerStack;
  /** At this width and side. */
  readonly strength: number;
  readonly varies: boolean;
}

/** The stacks that apply at a width, in order. */
export function chainOf(
  styles: readonly StrengthenedHypernetwork[],
  width: number,
  kind: 'k' | 'v',
): ChainStack[] {
  return styles.flatMap(({ hypernetwork, strength, factors, varies = false }, style) => {
    const pair = hypernetwork.widths.get(width);
    if (pair === undefined) return [];
    return [{ style, stack: pair[kind], strength: strengthAt(strength, factors, width, kind), varies }];
  });
}

function chainShape(styles: readonly StrengthenedHypernetwork[], width: number, kind: 'k' | 'v'): ChainShape {
  const chain = chainOf(styles, width, kind);
  for (const { style, stack } of chain) {
    checkStack(
      stack,
      width,
      `style ${styles[style]!.hypernetwork.description.name}, width ${width}, ${kind}`,
    );
  }
  if (isLinearChain(chain) && !chain.some(({ varies }) => varies)) return { kind: 'folded' };
  return {
    kind: 'stacks',
    stacks: chain.map(({ style, stack }) => ({ style, layers: stack.map(layerShape) })),
  };
}

function layerShape(layer: LayerStack[number]): LayerShape {
  switch (layer.kind) {
    case 'linear':
      return { kind: 'linear', inputs: layer.weight.shape[1]!, outputs: layer.weight.shape[0]! };
    case 'activation':
      return {
        kind: 'activation',
        activation: layer.activation,
        slopes: layer.slope === undefined ? 0 : layer.slope.data.length,
      };
    case 'layer-norm':
      return { kind: 'layer-norm', width: layer.weight.data.length };
  }
}

/** The widths of a stack's layers must meet, and lead from `width` back to it. */
function checkStack(stack: LayerStack, width: number, where: string): void {
  const fail = (what: string, expected: number, found: number): ModelError =>
    new ModelError('style', what, { where, expected: String(expected), found: String(found) });
  if (stack.length > MAX_LAYERS) throw fail('too many layers', MAX_LAYERS, stack.length);
  let reached = width;
  for (const layer of stack.map(layerShape)) {
    if (layer.kind === 'linear') {
      if (layer.inputs !== reached) throw fail('a linear layer has another width', reached, layer.inputs);
      reached = layer.outputs;
    } else if (layer.kind === 'layer-norm') {
      if (layer.width !== reached) throw fail('a layer norm has another width', reached, layer.width);
    } else if (layer.activation === 'prelu' && layer.slopes !== 1 && layer.slopes !== reached) {
      throw fail('PReLU has a wrong number of slopes', reached, layer.slopes);
    }
  }
  if (reached !== width) throw fail('the layers do not lead back to their width', width, reached);
}

function chainKey(chain: ChainShape): string {
  if (chain.kind === 'folded') return 'folded';
  return chain.stacks.map(({ style, layers }) => `${style}(${layers.map(layerKey).join(' ')})`).join(' ');
}

function layerKey(layer: LayerShape): string {
  switch (layer.kind) {
    case 'linear':
      return `linear:${layer.inputs}:${layer.outputs}`;
    case 'activation':
      return layer.slopes === 0 ? layer.activation : `${layer.activation}:${layer.slopes}`;
    case 'layer-norm':
      return 'layer-norm';
  }
}
