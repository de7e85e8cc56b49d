// The torch reader: golden files, views of storages, and hostile pickles.
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { PickledTensor } from '../../client/formats/pickle-value.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { openTorchFile, torchTensorFile } from '../../client/formats/torch-file.ts';
import {
  TorchOrderedDict,
  TorchTensor,
  TorchTuple,
  writeTorchFile,
} from '../../client/formats/torch-write.ts';
import { goldenBytes, goldenSource } from './golden.ts';
import {
  type Code, call, dict, EMPTY_DICT, floats, global, int, list, NONE, string, tensorCode, torchZip, tuple,
} from './torch-builder.ts'; // biome-ignore format: a list

const open = (bytes: Uint8Array<ArrayBuffer>) => openTorchFile(bytesSource('style.pt', bytes));

async function tensorOf(bytes: Uint8Array<ArrayBuffer>, name = 't') {
  return torchTensorFile(await open(bytes)).read(name);
}

describe('openTorchFile', () => {
  test('exact facts of a zip file', async () => {
    const file = torchTensorFile(await openTorchFile(goldenSource('hypernetworks/relu.pt')));
    expect(file.entries.size).toBe(16);
    expect(file.entries.get('8.0.linear.0.weight')).toEqual({
      name: '8.0.linear.0.weight',
      dtype: 'F32',
      shape: [16, 8],
      offset: 0x900,
      byteLength: 512,
    });
    expect(file.metadata).toMatchObject({ step: '200', layer_structure: '[1, 2, 1]', optional_info: 'null' });
    const first = new DataView(goldenBytes('hypernetworks/relu.pt').buffer).getFloat32(0x900, true);
    expect((await file.read('8.0.linear.0.weight')).data[0]).toBe(first);
  });

  test('exact facts of the older container', async () => {
    const zip = torchTensorFile(await openTorchFile(goldenSource('hypernetworks/legacy-nai.pt')));
    const older = torchTensorFile(await openTorchFile(goldenSource('hypernetworks/legacy-nai-prezip.pt')));
    expect([...older.entries.keys()]).toEqual([...zip.entries.keys()]);
    expect(older.entries.get('8.0.linear1.weight')).toMatchObject({
      shape: [16, 8],
      offset: 9813,
      byteLength: 512,
    });
    const { data } = await older.read('8.0.linear1.weight');
    const view = new DataView(goldenBytes('hypernetworks/legacy-nai-prezip.pt').buffer);
    expect([data[0], data[127]]).toEqual([view.getFloat32(9813, true), view.getFloat32(9813 + 508, true)]);
  });

  test.each(['brush.pt', 'brush-parameter-dict.pt', 'brush-prezip.pt'])(
    'the embedding in %s',
    async (name) => {
      const file = torchTensorFile(await openTorchFile(goldenSource(`embeddings/${name}`)));
      const golden = await openSafetensors(goldenSource('embeddings/brush.safetensors'));
      expect(await file.read('string_to_param.*')).toEqual(await golden.read('emb_params'));
    },
  );

  test('honours strides and offsets, and ignores the device', async () => {
    const storage = { 0: floats(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) };
    const view = (parts: { offset?: number; shape: number[]; strides: number[] }) =>
      tensorOf(torchZip(dict([string('t'), tensorCode({ elements: 12, ...parts })]), storage));
    expect([...(await view({ shape: [3, 4], strides: [4, 1] })).data]).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    ]);
    expect([...(await view({ shape: [4, 3], strides: [1, 4] })).data]).toEqual([
      0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11,
    ]);
    expect([...(await view({ offset: 5, shape: [2, 2], strides: [4, 2] })).data]).toEqual([5, 7, 9, 11]);
    expect([...(await view({ offset: 2, shape: [3], strides: [0] })).data]).toEqual([2, 2, 2]);
    expect([...(await view({ offset: 3, shape: [], strides: [] })).data]).toEqual([3]);
    expect([...(await view({ offset: 12, shape: [0, 4], strides: [4, 1] })).data]).toEqual([]);
  });

  test('deflated entries are inflated', async () => {
    const body = dict(
      [string('t'), tensorCode({ elements: 1000, shape: [1000], strides: [1] })],
      [string('n'), int(3)],
    );
    const bytes = torchZip(
      body,
      { 0: floats(...Array.from({ length: 1000 }, (_, i) => i)) },
      { deflated: true },
    );
    expect(bytes.length).toBeLessThan(4000);
    const { data } = await tensorOf(bytes);
    expect([data.length, data[0], data[999]]).toEqual([1000, 0, 999]);
  });

  test('parameters, ordered dictionaries with items and large integers', async () => {
    const parameter = call(
      global('torch._utils', '_rebuild_parameter'),
      tensorCode({ elements: 1, shape: [1], strides: [1] }),
      [0x88],
      NONE,
    );
    const ordered = call(global('collections', 'OrderedDict'), list(tuple(string('t'), parameter)));
    const long: Code = [0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    const { value } = await open(
      torchZip(dict([string('o'), ordered], [string('l'), long]), { 0: floats(7) }),
    );
    const map = value as Map<string, Map<string, PickledTensor> | bigint>;
    expect((map.get('o') as Map<string, PickledTensor>).get('t')).toBeInstanceOf(PickledTensor);
    expect(map.get('l')).toBe(2n ** 64n);
  });

  test('what we write, we read', async () => {
    const stored = { dtype: 'F16' as const, shape: [2, 1], bytes: new Uint8Array([0, 0x3c, 0, 0xc0]) };
    const state = new TorchOrderedDict(new Map([['w', new TorchTensor(stored)]]));
    const tree = new Map<string | number, Parameters<typeof writeTorchFile>[1]>([
      [768, new TorchTuple([state, state])],
      ['name', 'grün'],
      ['numbers', [1, 2 ** 40, -3, 0.25]],
      ['flags', [true, false, null]],
    ]);
    const file = await open(writeTorchFile('a/b', tree));
    expect((file.value as Map<unknown, unknown>).get('numbers')).toEqual([1, 2 ** 40, -3, 0.25]);
    expect((file.value as Map<unknown, unknown>).get('flags')).toEqual([true, false, null]);
    const flat = torchTensorFile(file);
    expect(flat.metadata['name']).toBe('grün');
    expect(flat.entries.get('768.1.w')).toMatchObject({ dtype: 'F16', shape: [2, 1] });
    expect([...(await flat.read('768.1.w')).data]).toEqual([1, -2]);
  });
});

describe('a hostile pickle', () => {
  const refused: [string, string][] = [
    ['os', 'system'], ['posix', 'system'], ['builtins', 'eval'], ['__builtin__', 'eval'], ['builtins', 'exec'],
    ['subprocess', 'Popen'], ['torch', 'load'], ['torch.hub', 'load'], ['runpy', '_run_code'], ['collections', 'defaultdict'],
    ['torch._utils', '_rebuild_tensor'], ['torch', 'FloatStorage.__reduce__'], ['collections.OrderedDict', '__init__'],
  ]; // biome-ignore format: a list

  test.each(refused)('%s.%s is refused by name', async (module, name) => {
    const marker = call(global(module, name), string('touch /tmp/owned'));
    const expected = { code: 'format/refused', message: expect.stringContaining(`"${module}.${name}"`) };
    await expect(open(torchZip(marker))).rejects.toMatchObject(expected);
    const stackGlobal: Code = [...string(module), ...string(name), 0x93];
    await expect(open(torchZip([...stackGlobal, ...tuple(), 0x52]))).rejects.toMatchObject(expected);
    // Even when it is only mentioned.
    await expect(open(torchZip(list(global(module, name))))).rejects.toMatchObject(expected);
  });

  const fine = tensorCode({ elements: 4, shape: [4], strides: [1] });
  const storages = { 0: floats(1, 2, 3, 4) };
  const cases: [string, Code, string, RegExp][] = [
    ['a called storage class', call(global('torch', 'FloatStorage'), int(9)), 'format/refused', /storage class/],
    ['a call of a dictionary', call(EMPTY_DICT), 'format/refused', /no allowed global/],
    ['a set that is not empty', call(global('builtins', 'set'), list(int(1))), 'format/invalid', /not empty/],
    ['a tensor past its storage', tensorCode({ elements: 4, offset: 1, shape: [4], strides: [1] }), 'format/invalid', /the last at 4/],
    ['a stride past its storage', tensorCode({ elements: 4, shape: [2], strides: [4] }), 'format/invalid', /outside its storage/],
    ['a negative stride', tensorCode({ elements: 4, offset: 3, shape: [2], strides: [-1] }), 'format/invalid', /arguments of a tensor/],
    ['a huge tensor from stride 0', tensorCode({ elements: 4, shape: [2 ** 30], strides: [0] }), 'format/invalid', /at most 4 elements/],
    ['sizes that overflow', tensorCode({ elements: 4, shape: [2 ** 30, 2 ** 30], strides: [0, 0] }), 'format/invalid', /at most 4/],
    ['shape and strides of two lengths', tensorCode({ elements: 4, shape: [2, 2], strides: [1] }), 'format/invalid', /shape and strides/],
    ['a storage larger than its entry', tensorCode({ elements: 5, shape: [5], strides: [1] }), 'format/truncated', /20 bytes.*found 16/],
    ['a storage that is not there', tensorCode({ key: '9', elements: 4, shape: [4], strides: [1] }), 'format/invalid', /any\/data\/9/],
    ['a storage described twice', list(fine, tensorCode({ elements: 2, shape: [2], strides: [1] })), 'format/invalid', /otherwise before/],
    ['an unknown storage class', tensorCode({ storage: 'ComplexStorage', elements: 4, shape: [4], strides: [1] }), 'format/refused', /torch\.ComplexStorage/],
    ['a persistent id of nonsense', [...string('x'), 0x51], 'format/invalid', /persistent id/],
    ['an empty stack', [0x52], 'format/invalid', /stack is empty/],
    ['a mark that is missing', [0x74], 'format/invalid', /no mark/],
    ['a memo that is empty', [0x68, 5], 'format/invalid', /memo 5 is empty/],
    ['an extension opcode', [0x82, 1], 'format/unsupported', /opcode 0x82/],
    ['an INST opcode', [0x28, 0x69, 0x6f, 0x73, 0x0a, 0x78, 0x0a], 'format/unsupported', /opcode 0x69/],
    ['an integer of 200 bytes', [0x8a, 200, ...new Array<number>(200).fill(1)], 'format/too-large', /200 bytes/],
    ['a text longer than the file', [0x58, 0xff, 0xff, 0xff, 0x7f], 'format/truncated', /ends too early/],
    ['a text of 2⁶⁴ − 1 bytes', [0x8d, ...new Array<number>(8).fill(255)], 'format/truncated', /ends too early/],
    ['items for a text', [...string('x'), ...int(1), 0x61], 'format/invalid', /no list/],
    ['a state for a list', [...list(), ...EMPTY_DICT, 0x62], 'format/invalid', /state of something/],
    ['a list that contains itself', [0x5d, 0x71, 0, 0x68, 0, 0x61], 'format/invalid', /contains itself/],
  ]; // biome-ignore format: a table

  test.each(cases)('%s', async (_what, body, code, message) => {
    await expect(open(torchZip(body, storages))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('nesting 64 deep is read, 65 deep is refused, 100,000 deep too', async () => {
    const nested = (depth: number): Code => [
      ...new Array<number>(depth).fill(0x5d),
      ...new Array<number>(depth - 1).fill(0x61),
    ];
    await open(torchZip(nested(64)));
    for (const depth of [65, 100_000]) {
      await expect(open(torchZip(nested(depth)))).rejects.toMatchObject({ code: 'format/too-large' });
    }
  });

  test('shared lists that unfold to 2⁴⁰ values are refused', async () => {
    // Each level is a tuple of the level below, twice, through the memo.
    const body: Code = [0x5d];
    for (let level = 0; level < 40; level++) body.push(0x71, level, 0x68, level, 0x86);
    await expect(open(torchZip(body))).rejects.toMatchObject({
      code: 'format/too-large',
      message: expect.stringContaining('unfolds'),
    });
  });

  test('more opcodes than the cap are refused', async () => {
    const body = new Array<number>(2 ** 23).fill(0x4e);
    for (let i = 1; i < body.length; i += 2) body[i] = 0x30;
    await expect(open(torchZip(body))).rejects.toMatchObject({
      code: 'format/too-large',
      message: expect.stringContaining('4194304 opcodes'),
    });
  });

  test('big-endian files are refused in words', async () => {
    const bytes = torchZip(NONE, {}, { extra: { 'any/byteorder': new TextEncoder().encode('big') } });
    await expect(open(bytes)).rejects.toMatchObject({
      code: 'format/unsupported',
      message: expect.stringContaining('not little-endian'),
    });
  });

  test('two pickles, no pickle, no zip', async () => {
    await expect(
      open(torchZip(NONE, {}, { extra: { 'b/data.pkl': new Uint8Array([0x4e]) } })),
    ).rejects.toThrow(/one data.pkl, found 2/);
    await expect(open(new TextEncoder().encode('<html>') as Uint8Array<ArrayBuffer>)).rejects.toThrow(
      /found bytes 3c 68 74 6d/,
    );
    await expect(open(new Uint8Array([0x80, 2, 0x4b, 1, 0x2e]))).rejects.toThrow(/not a file of torch.save/);
  });
});
