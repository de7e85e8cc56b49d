// Golden hypernetworks: metadata as the reference reads it, and every output to 1e-5.
import { beforeAll, describe, expect, test } from 'vitest';
import { applyReference } from '../../client/hypernetwork/apply.ts';
import { foldChain } from '../../client/hypernetwork/fold.ts';
import type { Hypernetwork } from '../../client/hypernetwork/hypernetwork.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { SIDES } from '../../client/hypernetwork/record.ts';
import { relativeError, type Tensor, tensor } from '../../client/tensor/tensor.ts';
import { goldenJson, goldenSource } from '../formats/golden.ts';

interface Case {
  readonly file: string;
  readonly name: string;
  readonly step: number;
  readonly layer_structure: number[];
  readonly activation_func: string | null;
  readonly is_layer_norm: boolean;
  readonly activate_output: boolean;
  readonly dropout_structure: number[];
  readonly dims: number[];
  readonly io: { dim: number; multiplier: number; x: number[][]; k: number[][]; v: number[][] }[];
}

interface Chain {
  readonly files: string[];
  readonly multipliers: number[];
  readonly dim: number;
  readonly x: number[][];
  readonly k: number[][];
  readonly v: number[][];
}

const golden = goldenJson<{ cases: Case[]; chains: Chain[] }>('hypernetworks/cases.json');
const networks = new Map<string, Hypernetwork>();

function matrix(rows: number[][]): Tensor {
  return tensor([rows.length, rows[0]!.length], new Float32Array(rows.flat()));
}

beforeAll(async () => {
  for (const { file } of golden.cases) {
    networks.set(file, await readHypernetwork(goldenSource(`hypernetworks/${file}`)));
  }
});

describe.each(golden.cases)('$file', (facts) => {
  test('metadata', () => {
    const { description, widths } = networks.get(facts.file)!;
    expect(description).toMatchObject({
      name: facts.name,
      layerStructure: facts.layer_structure,
      activation: facts.activation_func ?? 'linear',
      layerNorm: facts.is_layer_norm,
      activateOutput: facts.activate_output,
      dropoutStructure: facts.dropout_structure,
    });
    expect(description.step ?? 0).toBe(facts.step);
    expect([...widths.keys()]).toEqual(facts.dims);
  });

  test.each(facts.io)('width $dim at $multiplier', ({ dim, multiplier, x, ...outputs }) => {
    for (const side of SIDES) {
      const stack = networks.get(facts.file)!.widths.get(dim)![side];
      const ours = applyReference(stack, matrix(x), multiplier);
      expect(relativeError(ours.data, matrix(outputs[side]).data)).toBeLessThan(1e-5);
    }
  });
});

describe.each(golden.chains)(
  '$files at $multipliers, width $dim',
  ({ files, multipliers, dim, x, ...outputs }) => {
    test.each(SIDES)('%s, one after the other', (side) => {
      let context = matrix(x);
      for (const [i, file] of files.entries()) {
        context = applyReference(networks.get(file)!.widths.get(dim)![side], context, multipliers[i]!);
      }
      expect(relativeError(context.data, matrix(outputs[side]).data)).toBeLessThan(1e-5);
    });
  },
);

describe('foldChain', () => {
  test.each([8, 16])('linear.pt at 0.8, then at −0.5, width %i, as one matrix', (dim) => {
    const { x } = golden.chains.find((chain) => chain.dim === dim)!;
    for (const side of SIDES) {
      const stack = networks.get('linear.pt')!.widths.get(dim)![side];
      const chain = [
        { stack, strength: 0.8 },
        { stack, strength: -0.5 },
      ];
      let expected = matrix(x);
      for (const { strength } of chain) expected = applyReference(stack, expected, strength);
      const folded = foldChain(chain)!;
      expect([folded.weight.shape, folded.bias.shape]).toEqual([[dim, dim], [dim]]);
      // y = x·Wᵀ + b, which is x + f(x)·1 for f = x·(W − I)ᵀ + b.
      const shifted = folded.weight.data.map((value, i) => value - (i % (dim + 1) === 0 ? 1 : 0));
      const network = { kind: 'linear', weight: tensor([dim, dim], shifted), bias: folded.bias } as const;
      expect(relativeError(applyReference([network], matrix(x), 1).data, expected.data)).toBeLessThan(1e-6);
    }
  });

  test('one golden output through the matrix alone', () => {
    const { dim, multiplier, x, k } = golden.cases.find(({ file }) => file === 'linear.pt')!.io[1]!;
    const { weight, bias } = foldChain([
      { stack: networks.get('linear.pt')!.widths.get(dim)!.k, strength: multiplier },
    ])!;
    const ours = matrix(
      x.map((row) =>
        Array.from(bias.data, (b, o) =>
          row.reduce((sum, value, i) => sum + value * weight.data[o * dim + i]!, b),
        ),
      ),
    );
    expect(relativeError(ours.data, matrix(k).data)).toBeLessThan(1e-5);
  });

  test('strength 0 is the identity', () => {
    const { weight, bias } = foldChain([
      { stack: networks.get('linear.pt')!.widths.get(8)!.v, strength: 0 },
    ])!;
    expect(Array.from(weight.data, Math.abs)).toEqual(
      Array.from({ length: 64 }, (_, i) => (i % 9 === 0 ? 1 : 0)),
    );
    expect(bias.data.every((value) => value === 0)).toBe(true);
  });

  test('anything that is not linear does not fold, nor does nothing', () => {
    const linear = { stack: networks.get('linear.pt')!.widths.get(8)!.k, strength: 1 };
    for (const file of ['relu.pt', 'swish-ln.pt']) {
      expect(
        foldChain([linear, { stack: networks.get(file)!.widths.get(8)!.k, strength: 1 }]),
      ).toBeUndefined();
    }
    expect(foldChain([])).toBeUndefined();
  });

  test('links of two widths are refused', () => {
    const { widths } = networks.get('linear.pt')!;
    const links = [8, 16].map((width) => ({ stack: widths.get(width)!.k, strength: 1 }));
    expect(() => foldChain(links)).toThrow(/different widths; expected 8, found 16/);
  });
});
