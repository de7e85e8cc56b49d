// Hypernetwork files: round trips that lose nothing, old names, defaults, and files that cannot be used.
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import type { StoredTensor } from '../../client/formats/entry.ts';
import { openSafetensors, storeFloat32, writeSafetensors } from '../../client/formats/safetensors.ts';
import { openTorchFile } from '../../client/formats/torch-file.ts';
import {
  TorchOrderedDict,
  TorchTensor,
  type TorchTree,
  TorchTuple,
  writeTorchFile,
} from '../../client/formats/torch-write.ts';
import { applyReference } from '../../client/hypernetwork/apply.ts';
import { type PlainKeys, REFERENCE_KEYS, readDescription } from '../../client/hypernetwork/description.ts';
import { readHypernetwork, readHypernetworkRecord, stemOf } from '../../client/hypernetwork/read.ts';
import { hypernetworkOf } from '../../client/hypernetwork/record.ts';
import { planSlots } from '../../client/hypernetwork/slots.ts';
import { writeHypernetworkPt, writeHypernetworkSafetensors } from '../../client/hypernetwork/write.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { goldenBytes, goldenJson, goldenSource } from '../formats/golden.ts';

const files = goldenJson<{ cases: { file: string }[] }>('hypernetworks/cases.json').cases.map(
  ({ file }) => file,
);

const f32 = (shape: number[], ...data: number[]): StoredTensor =>
  storeFloat32(tensor(shape, new Float32Array(data)));

/** A one-width file of 1 × 1 tensors; k and v get the same parameters. */
function tinyFile(
  parameters: Record<string, StoredTensor>,
  keys: Record<string, TorchTree>,
  width = 1,
): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(parameters).map(([key, stored]): [string, TorchTree] => [
    key,
    new TorchTensor(stored),
  ]);
  const state = new TorchOrderedDict(new Map(entries));
  return writeTorchFile(
    'tiny',
    new Map<string | number, TorchTree>([[width, new TorchTuple([state, state])], ...Object.entries(keys)]),
  );
}

const read = (bytes: Uint8Array<ArrayBuffer>, name = 'styles/tiny.pt') =>
  readHypernetwork(bytesSource(name, bytes));

describe.each(files)('%s', (file) => {
  test('safetensors and back loses nothing', async () => {
    const record = await readHypernetworkRecord(goldenSource(`hypernetworks/${file}`));
    const bytes = writeHypernetworkSafetensors(record);
    expect(await readHypernetworkRecord(bytesSource('other-name.safetensors', bytes))).toEqual(record);
    const network = hypernetworkOf(record, file);
    expect(await read(bytes)).toEqual(network);
  });

  test('.pt and back loses nothing', async () => {
    const record = await readHypernetworkRecord(goldenSource(`hypernetworks/${file}`));
    const back = await readHypernetworkRecord(bytesSource('x.pt', writeHypernetworkPt(record)));
    // The reference reads a missing step as 0, and 0 is what it would write.
    const step = record.description.step ?? 0;
    expect(back).toEqual({ ...record, description: { ...record.description, step } });
  });

  test('a network in memory is written as float32', async () => {
    const network = await readHypernetwork(goldenSource(`hypernetworks/${file}`));
    expect(await read(writeHypernetworkSafetensors(network))).toEqual(network);
    expect((await read(writeHypernetworkPt(network))).widths).toEqual(network.widths);
  });
});

test('a .pt has the reference’s keys in its order, tuples for widths, and half precision kept', async () => {
  const record = await readHypernetworkRecord(goldenSource('hypernetworks/half.pt'));
  const bytes = writeHypernetworkPt(record);
  const keys = async (source: Parameters<typeof openTorchFile>[0]) => [
    ...((await openTorchFile(source)).value as Map<unknown, unknown>).keys(),
  ];
  expect(await keys(bytesSource('half.pt', bytes))).toEqual(
    await keys(goldenSource('hypernetworks/half.pt')),
  );
  expect((await keys(bytesSource('half.pt', bytes))).slice(2)).toEqual([...REFERENCE_KEYS]);
  expect([...record.tensors.values()].every(({ dtype }) => dtype === 'F16')).toBe(true);
  const back = await readHypernetworkRecord(bytesSource('half.pt', bytes));
  expect([...back.tensors.values()].every(({ dtype }) => dtype === 'F16')).toBe(true);
});

test('the safetensors file is described and named for people', async () => {
  const record = await readHypernetworkRecord(goldenSource('hypernetworks/mish-deep-dropout.pt'));
  const file = await openSafetensors(bytesSource('x', writeHypernetworkSafetensors(record)));
  // Slots: linear 0, mish 1, norm 2, dropout 3, linear 4, mish 5, norm 6, dropout 7, linear 8, norm 9.
  const slots = [...file.entries.keys()].filter((name) => /^8\.k\..*weight$/.test(name));
  expect(slots).toEqual(['0', '2', '4', '6', '8', '9'].map((slot) => `8.k.linear.${slot}.weight`));
  expect(JSON.parse(file.metadata['hypernetwork']!)).toEqual({
    widths: [8, 16],
    keys: {
      step: 400,
      name: 'mish-deep-dropout',
      layer_structure: [1, 2, 2, 1],
      activation_func: 'mish',
      is_layer_norm: true,
      weight_initialization: 'Normal',
      sd_checkpoint: 'abcdef0123',
      sd_checkpoint_name: 'toy',
      activate_output: false,
      use_dropout: true,
      dropout_structure: [0, 0.3, 0.3, 0],
      last_layer_dropout: true,
      optional_info: null,
    },
    extra: {},
  });
});

describe('reading', () => {
  test('keys the reference does not know are kept, others are named', async () => {
    const bytes = tinyFile(
      { 'linear.0.weight': f32([1, 1], 2), 'linear.0.bias': f32([1], 0) },
      {
        layer_structure: [1, 1],
        activate_output: false,
        note: ['by', 'me', 3],
        other: new TorchTensor(f32([1], 1)),
      },
    );
    const record = await readHypernetworkRecord(bytesSource('a.pt', bytes));
    expect(record.extra).toEqual({ note: ['by', 'me', 3] });
    expect(record.ignored).toEqual(['other']);
    expect(record.description.name).toBe('a');
  });

  test('prelu’s weight takes the activation’s slot', async () => {
    const bytes = tinyFile(
      {
        'linear.0.weight': f32([2, 1], 1, -1),
        'linear.0.bias': f32([2], 0, 0),
        'linear.1.weight': f32([1], 0.5),
        'linear.2.weight': f32([1, 2], 1, 1),
        'linear.2.bias': f32([1], 0),
      },
      { activation_func: 'PReLU', activate_output: false },
    );
    const { widths } = await read(bytes);
    const { k } = widths.get(1)!;
    expect(k.map(({ kind }) => kind)).toEqual(['linear', 'activation', 'linear']);
    // prelu(x) + prelu(−x) with slope ½: for x = 4 it is 4 − 2, so y = 4 + 2 · 3.
    expect([...applyReference(k, tensor([1, 1], new Float32Array([4])), 3).data]).toEqual([10]);
  });

  test('slots are sorted as numbers', async () => {
    const structure = new Array<number>(13).fill(1);
    const parameters: Record<string, StoredTensor> = {};
    // Written in text order: 0, 1, 10, 11, 2 …; each layer adds its slot to ten times what came before.
    for (const slot of structure
      .slice(1)
      .map((_, i) => String(i))
      .sort()) {
      parameters[`linear.${slot}.weight`] = f32([1, 1], slot === '11' ? 2 : 1);
      parameters[`linear.${slot}.bias`] = f32([1], Number(slot));
    }
    const { widths } = await read(tinyFile(parameters, { layer_structure: structure }));
    // Only the order 0 … 11 doubles all that came before 11: 2·(0 + … + 10) + 11.
    expect([...applyReference(widths.get(1)!.k, tensor([1, 1]), 1).data]).toEqual([2 * 55 + 11]);
  });

  test('the name of a file without one is its stem', () => {
    expect(stemOf('/styles/my.best.style.pt')).toBe('my.best.style');
    expect(stemOf('https://x.y/a/b.safetensors?download=true')).toBe('b');
    expect(stemOf('C:\\styles\\c.pt')).toBe('c');
    expect(stemOf('plain')).toBe('plain');
  });

  test.each<[PlainKeys, number[], boolean]>([
    [{}, [0, 0, 0], false],
    [{ use_dropout: true }, [0, 0, 0], false],
    [{ use_dropout: true, last_layer_dropout: true }, [0, 0.3, 0], true],
    [{ use_dropout: true, layer_structure: [1, 2, 4, 2, 1] }, [0, 0.3, 0.3, 0, 0], true],
    [{ use_dropout: true, last_layer_dropout: true, layer_structure: [1, 2, 2, 1] }, [0, 0.3, 0.3, 0], true],
    [{ dropout_structure: [0, 0, 0.1] }, [0, 0, 0.1], true],
  ])('dropout of %j', (keys, expected) => {
    const description = readDescription(keys, 'x', 'x.pt');
    expect(description.dropoutStructure.slice(0, description.layerStructure.length)).toEqual(expected);
  });

  test('widths truncate as Python’s int()', () => {
    const description = readDescription(
      { layer_structure: [1, 1.3, 1], activate_output: false },
      'x',
      'x.pt',
    );
    expect(planSlots(description, 8, 'x').map(({ parameters }) => parameters['weight'])).toEqual([
      [10, 8],
      [8, 10],
    ]);
  });

  test('the last linear is activated only where the file says so', () => {
    const slots = (keys: PlainKeys) =>
      planSlots(readDescription({ activation_func: 'relu', ...keys }, 'x', 'x'), 8, 'x').map(
        ({ kind, slot }) => `${slot} ${kind}`,
      );
    expect(slots({})).toEqual(['0 linear', '1 activation', '2 linear', '3 activation']);
    expect(slots({ activate_output: false, is_layer_norm: true, dropout_structure: [0, 0.1, 0.1] })).toEqual([
      '0 linear', '1 activation', '2 layer-norm', '4 linear', '5 layer-norm',
    ]); // biome-ignore format: a list
  });
});

describe('a file that cannot be used', () => {
  const weights = { 'linear.0.weight': f32([1, 1], 1), 'linear.0.bias': f32([1], 0) };
  const one = { layer_structure: [1, 1], activate_output: false };
  const cases: [string, Record<string, StoredTensor>, Record<string, TorchTree>, string, RegExp][] = [
    ['an unknown activation', weights, { ...one, activation_func: 'Snake' }, 'hypernetwork/unsupported-activation', /tiny\.pt, style tiny: the activation "snake" is not computed/],
    ['a NaN', { ...weights, 'linear.0.bias': f32([1], Number.NaN) }, one, 'hypernetwork/non-finite', /style tiny, tensor 1\.k\.linear\.0\.bias, element 0.*found NaN/],
    ['whole numbers', { ...weights, 'linear.0.bias': { ...f32([1], 0), dtype: 'I32' } }, one, 'hypernetwork/invalid', /style tiny, tensor 1\.k\.linear\.0\.bias: a weight is no floating-point tensor; expected F64, F32, F16, BF16, found I32/],
    ['an infinity', { ...weights, 'linear.0.weight': f32([1, 1], Infinity) }, one, 'hypernetwork/non-finite', /found Infinity/],
    ['a missing tensor', { 'linear.0.weight': f32([1, 1], 1) }, one, 'hypernetwork/invalid', /1\.k\.linear\.0\.bias: a tensor is missing/],
    ['a tensor of another shape', { ...weights, 'linear.0.bias': f32([2], 0, 0) }, one, 'hypernetwork/invalid', /wrong shape.*expected \[1\].*found \[2\]/],
    ['a tensor too many', { ...weights, 'linear.3.weight': f32([1], 0) }, one, 'hypernetwork/invalid', /no place for.*1\.k\.linear\.3\.weight/],
    ['a parameter of unknown name', { ...weights, 'norm.weight': f32([1], 0) }, one, 'hypernetwork/invalid', /found norm\.weight/],
    ['a structure that does not begin with 1', weights, { layer_structure: [2, 1] }, 'hypernetwork/invalid', /layer_structure is wrong/],
    ['a structure of text', weights, { layer_structure: 'abc' }, 'hypernetwork/invalid', /expected a list of numbers, found "abc"/],
    ['a structure of a hundred layers', weights, { layer_structure: new Array<number>(100).fill(1) }, 'hypernetwork/invalid', /2 to 64 widths/],
    ['a layer without width', weights, { layer_structure: [1, 0.5, 1] }, 'hypernetwork/invalid', /no width/],
    ['too few dropout rates', weights, { ...one, dropout_structure: [0] }, 'hypernetwork/invalid', /dropout_structure/],
    ['a flag that is a number', weights, { ...one, is_layer_norm: 1 }, 'hypernetwork/invalid', /is_layer_norm is wrong; expected true or false, found 1/],
  ]; // biome-ignore format: a table

  test.each(cases)('%s', async (_what, parameters, keys, code, message) => {
    await expect(read(tinyFile(parameters, keys))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('an embedding, a list, a width of one network', async () => {
    await expect(readHypernetwork(goldenSource('embeddings/brush.pt'))).rejects.toMatchObject({
      code: 'hypernetwork/not-a-hypernetwork',
      message: expect.stringContaining('found an embedding'),
    });
    await expect(read(writeTorchFile('x', [1]))).rejects.toMatchObject({
      code: 'hypernetwork/not-a-hypernetwork',
    });
    const state = new TorchOrderedDict(new Map());
    await expect(read(writeTorchFile('x', new Map([[8, [state]]])))).rejects.toThrow(
      /width 8: a width does not hold two networks/,
    );
    await expect(read(writeTorchFile('x', new Map([[-8, [state, state]]])))).rejects.toThrow(
      /width is impossible/,
    );
  });

  test('a safetensors file that is no hypernetwork, or lies', async () => {
    await expect(readHypernetwork(goldenSource('embeddings/brush.safetensors'))).rejects.toMatchObject({
      code: 'hypernetwork/not-a-hypernetwork',
    });
    const lie = (text: string) => read(writeSafetensors(new Map(), { hypernetwork: text }));
    for (const text of [
      '{',
      '[]',
      '{}',
      '{"widths":[0],"keys":{},"extra":{}}',
      '{"widths":[8,8],"keys":{},"extra":{}}',
    ]) {
      await expect(lie(text)).rejects.toMatchObject({ code: 'hypernetwork/invalid' });
    }
    const nested = `{"widths":[8],"keys":{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}},"extra":{}}`;
    await expect(lie(nested)).rejects.toMatchObject({ code: 'hypernetwork/invalid' });
  });

  test('tensors that share one storage many times over are refused before they are read', async () => {
    const { torchZip, dict, int, string, list, tensorCode } = await import('../formats/torch-builder.ts');
    const elements = 4000;
    const leaf = tensorCode({ elements, shape: [elements], strides: [1] });
    const state = dict(
      ...Array.from({ length: 50 }, (_, slot): [number[], number[]] => [string(`linear.${slot}.bias`), leaf]),
    );
    const bytes = torchZip(dict([int(8), list(state, state)]), { 0: new Uint8Array(elements * 4) });
    await expect(read(bytes)).rejects.toThrow(/share memory/);
  });

  test('a context of another width', () => {
    const stack = [{ kind: 'linear', weight: tensor([2, 2]), bias: tensor([2]) }] as const;
    expect(() => applyReference(stack, tensor([1, 3]), 1)).toThrow(/expected width 2, found 3/);
    expect(() => applyReference(stack, tensor([2]), 1)).toThrow(/not \[rows, width\]; found \[2\]/);
  });
});

test('a golden file is not changed by reading', async () => {
  const bytes = goldenBytes('hypernetworks/relu.pt');
  const copy = bytes.slice();
  await read(bytes);
  expect(bytes).toEqual(copy);
});
