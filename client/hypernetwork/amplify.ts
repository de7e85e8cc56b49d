// Makes a hypernetwork's strength 1 what another strength was.
import type { StoredTensor } from '../formats/entry.ts';
import { storeFloat32 } from '../formats/safetensors.ts';
import { tensor } from '../tensor/tensor.ts';
import { widenToFloat32 } from '../tensor/widen.ts';
import { HypernetworkError } from './errors.ts';
import { type HypernetworkRecord, parameterName, SIDES } from './record.ts';
import { planSlots } from './slots.ts';

/**
 * y = x + f(x) · strength: multiplies what f ends with, a linear layer or a layer norm, by `strength`, and so f itself,
 * up to the rounding of these parameters to float32, as which they are then stored. Throws `hypernetwork/invalid` where f
 * ends with an activation, which is not linear in its parameters.
 */
export function amplified(record: HypernetworkRecord, strength: number, where: string): HypernetworkRecord {
  const tensors = new Map<string, StoredTensor>(record.tensors);
  for (const width of record.widths) {
    const last = planSlots(record.description, width, where).at(-1)!;
    if (last.kind === 'activation') {
      throw new HypernetworkError('invalid', 'this style’s strength cannot be folded into its layers', {
        where,
        expected: 'a network that ends with a linear layer or a layer norm',
        found: `the activation ${last.activation} behind the last layer`,
        fix: 'Ask for the strength when you draw.',
      });
    }
    for (const side of SIDES) {
      for (const parameter of Object.keys(last.parameters)) {
        const name = parameterName(width, side, last.slot, parameter);
        const { dtype, shape, bytes } = record.tensors.get(name)!;
        const data = widenToFloat32(dtype, bytes).map((value) => value * strength);
        tensors.set(name, storeFloat32(tensor(shape, data)));
      }
    }
  }
  return { ...record, tensors };
}
