// A strength folded into the last layers: the maths of every golden network, and where it cannot be.
import { expect, test } from 'vitest';
import { amplified } from '../../client/hypernetwork/amplify.ts';
import { applyReference } from '../../client/hypernetwork/apply.ts';
import { readHypernetworkRecord } from '../../client/hypernetwork/read.ts';
import { hypernetworkOf, SIDES } from '../../client/hypernetwork/record.ts';
import { relativeError, tensor } from '../../client/tensor/tensor.ts';
import { goldenSource } from '../formats/golden.ts';

const golden = (name: string) => readHypernetworkRecord(goldenSource(`hypernetworks/${name}.pt`));

test.each(['relu', 'linear', 'swish-ln', 'half', 'mish-deep-dropout'])(
  'strength 1 of %s is what 1.75 was',
  async (name) => {
    const record = await golden(name);
    const strong = amplified(record, 1.75, name);
    expect([...strong.tensors.keys()]).toEqual([...record.tensors.keys()]);
    for (const [width, before] of hypernetworkOf(record, name).widths) {
      const after = hypernetworkOf(strong, name).widths.get(width)!;
      const x = tensor(
        [2, width],
        Float32Array.from({ length: 2 * width }, (_, i) => Math.sin(i)),
      );
      for (const side of SIDES) {
        const wanted = applyReference(before[side], x, 1.75).data;
        expect(relativeError(applyReference(after[side], x, 1).data, wanted)).toBeLessThan(1e-6);
        expect(relativeError(applyReference(before[side], x, 1).data, wanted)).toBeGreaterThan(1e-3);
      }
    }
  },
);

test('a network that ends with an activation is refused', async () => {
  const record = await golden('elu-activate-output');
  expect(() => amplified(record, 2, 'elu.pt')).toThrow(/elu\.pt.*the activation elu behind/s);
});
