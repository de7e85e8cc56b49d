// Which layer stands in which slot of a hypernetwork's state dict, as the reference builds its modules.
import { HypernetworkError } from './errors.ts';
import { ACTIVATIONS, type Activation, type HypernetworkDescription } from './hypernetwork.ts';

/** A module with its slot number; `shapes` are those of its parameters. */
export interface Slot {
  readonly slot: number;
  readonly kind: 'linear' | 'activation' | 'layer-norm';
  readonly activation?: Activation;
  /** Parameter name → shape. */
  readonly parameters: Readonly<Record<string, readonly number[]>>;
}

/**
 * The modules of one network for contexts of `width`. For each pair of neighbours in the layer structure: Linear;
 * the activation, unless there is none or this is the last linear of a file that does not activate its output;
 * LayerNorm; Dropout, which computes nothing but takes a slot. Widths truncate as Python's `int(dim * s)`.
 */
export function planSlots(description: HypernetworkDescription, width: number, where: string): Slot[] {
  const { layerStructure, layerNorm, activateOutput, dropoutStructure } = description;
  const activation = knownActivation(description.activation, where);
  const widths = layerStructure.map((multiple) => Math.trunc(width * multiple));
  if (widths.some((size) => size < 1)) {
    throw new HypernetworkError('invalid', 'a layer has no width', {
      where,
      expected: `positive widths for ${width} · [${layerStructure.join(', ')}]`,
    });
  }
  const slots: Slot[] = [];
  let slot = 0;
  for (let i = 0; i + 1 < widths.length; i++) {
    const [inputs, outputs] = [widths[i]!, widths[i + 1]!];
    const isLast = i + 2 === widths.length;
    slots.push({ slot: slot++, kind: 'linear', parameters: { weight: [outputs, inputs], bias: [outputs] } });
    if (activation !== undefined && (!isLast || activateOutput)) {
      const parameters: Slot['parameters'] = activation === 'prelu' ? { weight: [1] } : {};
      slots.push({ slot: slot++, kind: 'activation', activation, parameters });
    }
    if (layerNorm) {
      slots.push({ slot: slot++, kind: 'layer-norm', parameters: { weight: [outputs], bias: [outputs] } });
    }
    if (dropoutStructure[i + 1]! > 0) slot++;
  }
  return slots;
}

/** Undefined for `linear`, which takes no slot. */
function knownActivation(name: string, where: string): Activation | undefined {
  if (name === 'linear') return undefined;
  const known = ACTIVATIONS.find((activation) => activation === name);
  if (known !== undefined) return known;
  throw new HypernetworkError(
    'unsupported-activation',
    `the activation ${JSON.stringify(name)} is not computed here`,
    {
      where,
      expected: `linear, ${ACTIVATIONS.join(', ')}`,
      fix: 'The style would draw wrong pictures without it, so it is not loaded.',
    },
  );
}
