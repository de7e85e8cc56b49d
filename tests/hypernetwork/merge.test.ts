// Weighted sums of hypernetworks: every element, the description, both containers, and what has no sum.
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import type { Hypernetwork, HypernetworkDescription } from '../../client/hypernetwork/hypernetwork.ts';
import { HypernetworkSum } from '../../client/hypernetwork/merge.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { hypernetworkOf, recordOf } from '../../client/hypernetwork/record.ts';
import { planSlots } from '../../client/hypernetwork/slots.ts';
import { writeHypernetworkPt, writeHypernetworkSafetensors } from '../../client/hypernetwork/write.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { goldenSource } from '../formats/golden.ts';

const golden = (name: string) => readHypernetwork(goldenSource(`hypernetworks/${name}.pt`));

/** The values of all tensors by name. */
const valuesOf = (network: Hypernetwork) =>
  new Map(
    [...recordOf(network).tensors].map(
      ([name, { bytes }]) => [name, new Float32Array(bytes.buffer)] as const,
    ),
  );

/** The same layers with each value changed. */
function changed(network: Hypernetwork, change: (value: number) => number): Hypernetwork {
  const { tensors, ...rest } = recordOf(network);
  const values = [...tensors].map(([name, { shape, bytes }]) => {
    const data = new Float32Array(bytes.buffer).map(change);
    return [name, { dtype: 'F32' as const, shape, bytes: new Uint8Array(data.buffer) }] as const;
  });
  return hypernetworkOf({ ...rest, tensors: new Map(values) }, 'changed');
}

const described = (network: Hypernetwork, facts: Partial<HypernetworkDescription>): Hypernetwork => ({
  ...network,
  description: { ...network.description, ...facts },
});

/** A network of width 2 whose parameters are all `value`. */
function filled(facts: Partial<HypernetworkDescription>, value: number, base: Hypernetwork): Hypernetwork {
  const description = { ...base.description, ...facts };
  const stack = planSlots(description, 2, 'filled').map(({ kind, activation, parameters }) => {
    const make = (name: string) =>
      tensor(parameters[name]!, new Float32Array(parameters[name]!.reduce((a, b) => a * b, 1)).fill(value));
    if (kind !== 'activation') return { kind, weight: make('weight'), bias: make('bias') };
    return { kind, activation: activation!, ...('weight' in parameters ? { slope: make('weight') } : {}) };
  });
  return { description, widths: new Map([[2, { k: stack, v: stack }]]) };
}

function sumOf(...terms: [Hypernetwork, number][]): HypernetworkSum {
  const sum = new HypernetworkSum();
  for (const [i, [network, weight]] of terms.entries()) sum.add(network, weight, `part-${i}.pt`);
  return sum;
}

describe('the sum', () => {
  test.each(['relu', 'swish-ln', 'mish-deep-dropout', 'half'])(
    '%s: each element in float64, rounded once, in both containers',
    async (name) => {
      const a = await golden(name);
      const b = changed(a, (value) => Math.cos(1000 * value));
      const record = sumOf([a, 0.3], [b, -1.7], [a, 1 / 3]).finish('both');
      const [valuesA, valuesB] = [valuesOf(a), valuesOf(b)];
      const expected = new Map(
        [...valuesA].map(([key, data]) => {
          const other = valuesB.get(key)!;
          return [key, data.map((x, i) => 0.3 * x - 1.7 * other[i]! + (1 / 3) * x)] as const;
        }),
      );
      for (const write of [writeHypernetworkPt, writeHypernetworkSafetensors]) {
        const back = await readHypernetwork(bytesSource('x', write(record)));
        expect(valuesOf(back)).toEqual(expected);
        expect([...back.widths.keys()]).toEqual([...a.widths.keys()]);
        expect(back.description).toEqual(record.description);
      }
    },
  );

  test('of a network once is the network, and of it and its negative nothing', async () => {
    const a = await golden('swish-ln');
    expect(valuesOf(hypernetworkOf(sumOf([a, 1]).finish('a'), 'a'))).toEqual(valuesOf(a));
    const none = valuesOf(hypernetworkOf(sumOf([a, 2.5], [a, -2.5]).finish('none'), 'none'));
    for (const data of none.values()) expect(data.every((value) => value === 0)).toBe(true);
  });

  test('is not rounded between terms', async () => {
    const base = await golden('relu');
    // In float32, 2^24 + 1 − 2^24 would be 0.
    const [large, one] = [filled({}, 2 ** 24, base), filled({}, 1, base)];
    const values = valuesOf(hypernetworkOf(sumOf([large, 1], [one, 1], [large, -1]).finish('one'), 'one'));
    for (const data of values.values()) expect(data.every((value) => value === 1)).toBe(true);
  });

  test('takes PReLU’s slope with it, and inputs whose dropout takes other slots', async () => {
    const base = await golden('relu');
    const facts = { activation: 'prelu', layerStructure: [1, 2, 2, 1] };
    const a = filled({ ...facts, dropoutStructure: [0, 0.3, 0.3, 0] }, 4, base);
    const b = filled({ ...facts, dropoutStructure: [0, 0, 0, 0] }, 8, base);
    const record = sumOf([a, 0.5], [b, 0.25]).finish('mixed');
    const merged = hypernetworkOf(record, 'mixed');
    expect(record.tensors.has('2.k.linear.3.weight')).toBe(true); // linear, slope, dropout, linear
    expect(record.tensors.has('2.k.linear.1.weight')).toBe(true);
    for (const data of valuesOf(merged).values()) expect(data.every((value) => value === 4)).toBe(true);
  });
});

describe('the description', () => {
  test('is the first’s, at step 0, with the recipe, and only what all agree on', async () => {
    const a = described(await golden('mish-deep-dropout'), { optionalInfo: 'mine' });
    const b = described(a, {
      name: 'b'.repeat(100_000),
      step: null,
      checkpointHash: 'ffff',
      checkpointName: null,
    });
    expect(sumOf([a, 0.5], [b, -0.25]).finish('new').description).toEqual({
      ...a.description,
      name: 'new',
      step: 0,
      checkpointHash: null,
      checkpointName: null,
      optionalInfo: `weighted sum: 0.5 × mish-deep-dropout (step 400) + -0.25 × ${'b'.repeat(80)}…`,
    });
    expect(sumOf([a, 0.5], [a, 0.5]).finish('new').description).toMatchObject({
      checkpointHash: 'abcdef0123',
      checkpointName: 'toy',
      weightInitialization: 'Normal',
    });
  });
});

describe('refused', () => {
  test.each<[string, Partial<HypernetworkDescription>, RegExp]>([
    [
      'layers',
      { layerStructure: [1, 3, 1] },
      /layer structure .*part-0\.pt; expected \[1, 2, 1\], found \[1, 3, 1\]/,
    ],
    ['activation', { activation: 'tanh' }, /activation .*expected relu, found tanh/],
    ['norm', { layerNorm: true }, /layer norm .*expected false, found true/],
    ['output', { activateOutput: true }, /activate_output.*expected false, found true/],
  ])('another shape: %s', async (_, facts, message) => {
    const base = await golden('relu');
    const sum = sumOf([filled({}, 1, base), 1]);
    expect(() => sum.add(filled(facts, 1, base), 1, 'other.pt')).toThrow(
      expect.objectContaining({ code: 'hypernetwork/mismatch', message: expect.stringMatching(message) }),
    );
    expect(() => sum.add(filled(facts, 1, base), 1, 'other.pt')).toThrow(/^other\.pt: /);
  });

  test('other widths, and layers that are not what the description says', async () => {
    const base = await golden('relu');
    const small = filled({}, 1, base);
    expect(() => sumOf([base, 1], [small, 1])).toThrow(/context widths .*expected 8, 16, found 2/);
    const empty: Hypernetwork = { ...small, widths: new Map([[2, { k: small.widths.get(2)!.k, v: [] }]]) };
    const sum = sumOf([small, 1]);
    expect(() => sum.add(empty, 1, 'empty.pt')).toThrow(
      /tensor 2\.v\.linear\.0\.weight .*expected \[4, 2\], found nothing/,
    );
    // What was refused has left nothing in the sum.
    expect(valuesOf(hypernetworkOf(sum.finish('a'), 'a'))).toEqual(valuesOf(small));
  });

  test('but without an activation, activate_output means nothing', async () => {
    const [old, linear] = [await golden('legacy-nai'), await golden('linear')];
    expect([old.description.activateOutput, linear.description.activateOutput]).toEqual([true, false]);
    expect(() => sumOf([old, 0.5], [linear, 0.5]).finish('x')).not.toThrow();
  });

  test('a sum beyond float32, a weight that is no number, and no networks', async () => {
    const huge = filled({}, 3e38, await golden('relu'));
    expect(() => sumOf([huge, 1], [huge, 1]).finish('x')).toThrow(
      expect.objectContaining({
        code: 'hypernetwork/non-finite',
        message: expect.stringMatching(/tensor 2\.k\.linear\.0\.weight, element 0: .*found 6\.0/),
      }),
    );
    // Finite again before it is rounded.
    expect(() => sumOf([huge, 1], [huge, 1], [huge, -1]).finish('x')).not.toThrow();
    expect(() => sumOf([huge, Number.NaN])).toThrow(/not a finite number; found NaN/);
    expect(() => new HypernetworkSum().finish('x')).toThrow(/no networks/);
  });
});
