// inspect, convert, merge and apply as a child process: texts, JSON, files and errors.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileSource } from '../../client/formats/node-file.ts';
import { encodePng } from '../../client/formats/png.ts';
import { openSafetensors, storeFloat32, writeSafetensors } from '../../client/formats/safetensors.ts';
import { applyReference } from '../../client/hypernetwork/apply.ts';
import { readHypernetwork, readHypernetworkRecord } from '../../client/hypernetwork/read.ts';
import { relativeError, tensor } from '../../client/tensor/tensor.ts';
import { goldenBytes, goldenSource } from '../formats/golden.ts';
import { call, global, string, torchZip } from '../formats/torch-builder.ts';
import { GOLDEN, tincture, tinctureJson } from './run.ts';

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tincture-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('inspect', () => {
  test('a hypernetwork, for people', async () => {
    const { code, stdout } = await tincture('inspect', `${GOLDEN}/hypernetworks/mish-deep-dropout.pt`);
    expect(code).toBe(0);
    for (const line of [
      /^kind +hypernetwork$/m,
      /^hash +c30a34d6ec$/m,
      /^step +400$/m,
      /^widths +8, 16$/m,
      /^layers +\[1, 2, 2, 1\]$/m,
      /^activation +mish$/m,
      /^dropout +\[0, 0\.3, 0\.3, 0\]$/m,
      /^usable +yes$/m,
    ]) {
      expect(stdout).toMatch(line);
    }
  });

  test('a hypernetwork, for machines', async () => {
    expect(await tinctureJson('inspect', `${GOLDEN}/hypernetworks/half.pt`)).toMatchObject({
      kind: 'hypernetwork',
      bytes: 9663,
      sha256: '7179ae1b8c331f3fb061d9db74bcb761d07319e005eb950ee1ed2ff27d911d16',
      name: 'half',
      step: 900,
      activation: 'leakyrelu',
      widths: [8, 16],
      dtypes: ['F16'],
      problem: null,
    });
  });

  test('embeddings and tensors', async () => {
    expect(await tinctureJson('inspect', `${GOLDEN}/embeddings/brush-prezip.pt`)).toMatchObject({
      kind: 'embedding',
      name: 'brush',
      vectors: 3,
      width: 24,
    });
    expect(await tinctureJson('inspect', `${GOLDEN}/embeddings/brush-diffusers.bin`)).toMatchObject({
      kind: 'embedding',
      vectors: 1,
      width: 24,
    });
    const { tensors } = await tinctureJson('inspect', `${GOLDEN}/sd-tiny/expected.safetensors`);
    expect(tensors).toContainEqual({ name: 'init_noise', dtype: 'F32', shape: [1, 4, 8, 8] });
  });

  test('a picture with parameters that try to steer the terminal', async () => {
    const pixels = new Uint8ClampedArray(3 * 2 * 4).fill(255);
    writeFileSync(
      at('p.png'),
      encodePng({ width: 3, height: 2, pixels }, { parameters: 'a cat\x1b[2J\nSteps: 20' }),
    );
    const { stdout } = await tincture('inspect', at('p.png'));
    expect(stdout).toMatch(/pixels +3 × 2/);
    expect(stdout).toContain('a cat\\u{1b}[2J\nSteps: 20');
    expect(await tinctureJson('inspect', at('p.png'))).toMatchObject({
      kind: 'picture',
      width: 3,
      parameters: 'a cat\x1b[2J\nSteps: 20',
    });
  });

  test('a module that imports something', async () => {
    // (module (import "env" "f" (func)))
    writeFileSync(
      at('m.wasm'),
      Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 9, 1, 3, 101, 110, 118, 1, 102, 0, 0),
    );
    expect(await tinctureJson('inspect', at('m.wasm'))).toMatchObject({
      kind: 'plugin',
      imports: [{ module: 'env', name: 'f', kind: 'function' }],
      exports: [],
      problem: expect.any(String),
    });
  });

  test('a model’s description', async () => {
    const { code, stdout } = await tincture('inspect', `${GOLDEN}/sd-tiny/model.json`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^kind +model$/m);
    expect(stdout).toMatch(/^latentScale +0\.18215$/m);
  });

  test('a style’s description, and what is wrong with it', async () => {
    const card = {
      name: 'ink', version: '1.0.0', title: 'Ink', description: '', author: 'me', licence: 'MIT', tags: [], triggerWords: [],
      base: { architecture: 'stable-diffusion-v1', contextWidth: 768 },
      layers: { widths: [768], structure: [1, 2, 1], activation: 'relu', layerNorm: false, activateOutput: false },
      parameters: [],
    }; // biome-ignore format: a card
    writeFileSync(at('style.json'), JSON.stringify(card));
    expect(await tinctureJson('inspect', at('style.json'))).toMatchObject({ kind: 'style', problem: null });
    writeFileSync(at('style.json'), JSON.stringify({ ...card, version: 'new' }));
    const { problem } = await tinctureJson('inspect', at('style.json'));
    expect(problem).toMatch(/^version: must be a semantic version/);
  });

  test('a style with a NaN is described, and its trouble too', async () => {
    const bytes = goldenBytes('hypernetworks/relu.pt');
    new DataView(bytes.buffer).setUint32(0x900, 0x7fc00000, true);
    writeFileSync(at('nan.pt'), bytes);
    const { problem } = await tinctureJson('inspect', at('nan.pt'));
    expect(problem).toMatch(
      /style relu, tensor 8\.k\.linear\.0\.weight, element 0: a weight is not a finite number/,
    );
  });

  test.each<[string, Uint8Array, RegExp]>([
    [
      'evil.pt',
      torchZip(call(global('os', 'system'), string('echo owned'))),
      /names "os\.system", which is not allowed/,
    ],
    [
      'cut.safetensors',
      goldenBytes('sd-tiny/expected.safetensors').subarray(0, 5000),
      /past the end of the file/,
    ],
    ['empty.pt', new Uint8Array(0), /ends too early/],
    ['broken.json', new TextEncoder().encode('{"a":'), /not JSON/],
    ['broken.wasm', Uint8Array.of(0, 97, 115, 109, 9, 9, 9, 9), /not a WebAssembly module/],
  ])('%s exits with 1 and names the file', async (name, bytes, message) => {
    writeFileSync(at(name), bytes);
    const { code, stdout, stderr } = await tincture('inspect', at(name));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toContain(at(name));
    expect(stderr).toMatch(message);
  });
});

describe('convert', () => {
  test('a hypernetwork there and back loses nothing', async () => {
    const input = `${GOLDEN}/hypernetworks/half.pt`;
    expect(await tinctureJson('convert', input, at('half.safetensors'))).toMatchObject({
      kind: 'hypernetwork',
      tensors: 16,
      leftOut: [],
    });
    expect((await tincture('convert', at('half.safetensors'), at('back.pt'))).stdout).toMatch(
      /hypernetwork half, 16 tensors/,
    );
    const original = await readHypernetworkRecord(goldenSource('hypernetworks/half.pt'));
    expect(await readHypernetworkRecord(await fileSource(at('half.safetensors')))).toEqual(original);
    expect(await readHypernetworkRecord(await fileSource(at('back.pt')))).toEqual(original);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test.each(['brush-parameter-dict.pt', 'brush-text-chunk.png'])(
    'the embedding %s there and back',
    async (name) => {
      expect(
        await tinctureJson('convert', `${GOLDEN}/embeddings/${name}`, at('e.safetensors')),
      ).toMatchObject({
        kind: 'embedding',
      });
      const golden = await (await openSafetensors(goldenSource('embeddings/brush.safetensors'))).read(
        'emb_params',
      );
      expect(await (await openSafetensors(await fileSource(at('e.safetensors')))).read('emb_params')).toEqual(
        golden,
      );
      await tincture('convert', at('e.safetensors'), at('e.pt'));
      expect(await tinctureJson('inspect', at('e.pt'))).toMatchObject({
        kind: 'embedding',
        vectors: 3,
        width: 24,
      });
      await tincture('convert', at('e.pt'), at('e2.safetensors'));
      expect(readFileSync(at('e2.safetensors'))).toEqual(readFileSync(at('e.safetensors')));
    },
  );

  test('a strength goes into the layers; an embedding has none', async () => {
    const { stdout } = await tincture(
      'convert',
      `${GOLDEN}/hypernetworks/relu.pt`,
      at('strong.pt'),
      '--strength',
      '1.75',
    );
    expect(stdout).toMatch(/strong\.pt: hypernetwork relu/);
    const [before, after] = await Promise.all(
      [goldenSource('hypernetworks/relu.pt'), await fileSource(at('strong.pt'))].map(readHypernetwork),
    );
    const [width, { k }] = [...before!.widths][0]!;
    const x = tensor(
      [2, width],
      Float32Array.from({ length: 2 * width }, (_, i) => Math.sin(i)),
    );
    const wanted = applyReference(k, x, 1.75).data;
    expect(relativeError(applyReference(after!.widths.get(width)!.k, x, 1).data, wanted)).toBeLessThan(1e-6);
    const refused = await tincture(
      'convert',
      `${GOLDEN}/embeddings/brush.safetensors`,
      at('no.pt'),
      '--strength',
      '2',
    );
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('an embedding has no strength'),
    });
  });

  test('what is neither is refused, and nothing is written', async () => {
    const { code, stderr } = await tincture('convert', `${GOLDEN}/sd-tiny/expected.safetensors`, at('no.pt'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/neither a hypernetwork nor an embedding/);
    expect(existsSync(at('no.pt'))).toBe(false);
  });

  test('an input is never overwritten, a missing folder is told', async () => {
    writeFileSync(at('same.pt'), goldenBytes('hypernetworks/relu.pt'));
    expect(await tincture('convert', at('same.pt'), at('same.pt'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('would overwrite'),
    });
    expect(await tincture('convert', at('same.pt'), at('nowhere/x.pt'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('folder does not exist'),
    });
  });
});

describe('merge', () => {
  test('sums files by weight, tells the recipe, and refuses another shape', async () => {
    const [relu, nai] = ['relu', 'legacy-nai'].map((name) => `${GOLDEN}/hypernetworks/${name}.pt`);
    expect(await tinctureJson('merge', `${relu}:1.5`, `${relu}:-0.25`, '--output', at('m.pt'))).toMatchObject(
      {
        name: 'm',
        output: at('m.pt'),
        parts: [
          { file: relu, name: 'relu', step: 200, weight: 1.5 },
          { name: 'relu', weight: -0.25 },
        ],
      },
    );
    const first = async (path: string) =>
      (await readHypernetwork(await fileSource(path))).widths.get(8)!.k[0] as {
        weight: { data: Float32Array };
      };
    const expected = (await first(relu!)).weight.data.map((value) => 1.25 * value);
    expect(relativeError((await first(at('m.pt'))).weight.data, expected)).toBeLessThan(1e-7);
    // Without weights, the mean.
    const { code, stdout } = await tincture('merge', relu!, at('m.pt'), '--output', at('mean.safetensors'));
    expect(stdout).toContain('weighted sum: 0.5 × relu (step 200) + 0.5 × m (step 0), 16 tensors');
    expect(code).toBe(0);
    const refused = await tincture('merge', relu!, nai!, '--output', at('none.pt'));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/legacy-nai\.pt: the activation is another .*expected relu, found linear/);
    expect(existsSync(at('none.pt'))).toBe(false);
  });
});

describe('apply', () => {
  test('runs styles in order through the sandbox, to 1e-5 of the reference', async () => {
    const context = tensor(
      [3, 8],
      Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
    );
    writeFileSync(at('context.safetensors'), writeSafetensors(new Map([['context', storeFloat32(context)]])));
    const [first, second] = ['relu.pt', 'swish-ln.pt'].map((name) => `${GOLDEN}/hypernetworks/${name}`) as [
      string,
      string,
    ];
    const facts = await tinctureJson(
      'apply',
      `${first}:0.8`,
      `${second}:k=-0.5`,
      '--input',
      at('context.safetensors'),
      '--output',
      at('kv.safetensors'),
    );
    expect(facts).toMatchObject({
      tokens: 3,
      width: 8,
      styles: [
        { name: 'relu', strength: 0.8, applied: true },
        { name: 'swish-ln', strength: 1, strengths: { k: -0.5 } },
      ],
    });
    const file = await openSafetensors(await fileSource(at('kv.safetensors')));
    for (const side of ['k', 'v'] as const) {
      let expected = context;
      for (const [path, strength] of [
        [first, 0.8],
        [second, side === 'k' ? -0.5 : 1],
      ] as const) {
        const { widths } = await readHypernetwork(await fileSource(path));
        expected = applyReference(widths.get(8)![side], expected, strength);
      }
      const found = await file.read(side);
      expect(found.shape).toEqual([3, 8]);
      expect(relativeError(found.data, expected.data)).toBeLessThan(1e-5);
    }
  });

  test('a style without layers for the width is a note, and the context stays', async () => {
    const context = tensor([1, 5], Float32Array.of(1, 2, 3, 4, 5));
    writeFileSync(at('five.safetensors'), writeSafetensors(new Map([['context', storeFloat32(context)]])));
    const run = await tincture(
      'apply',
      `${GOLDEN}/hypernetworks/relu.pt`,
      '--input',
      at('five.safetensors'),
      '--output',
      at('same.safetensors'),
    );
    expect(run).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('layers for widths 8, 16, not for 5'),
    });
    expect(await (await openSafetensors(await fileSource(at('same.safetensors')))).read('k')).toEqual(
      context,
    );
  });

  test('errors: no context, wrong shape, no such style, an overflow', async () => {
    const broken = {
      noContext: ['x', [1, 8]],
      wrongShape: ['context', [1, 1, 8]],
      huge: ['context', [1, 8]],
    } as const;
    for (const [file, [name, shape]] of Object.entries(broken)) {
      const data = new Float32Array(8).fill(file === 'huge' ? 3e38 : 1);
      writeFileSync(
        at(`${file}.safetensors`),
        writeSafetensors(new Map([[name, storeFloat32(tensor(shape, data))]])),
      );
    }
    const run = (style: string, input: string) =>
      tincture('apply', style, '--input', at(`${input}.safetensors`), '--output', at('out.safetensors'));
    const relu = `${GOLDEN}/hypernetworks/relu.pt`;
    expect(await run(relu, 'noContext')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no such tensor; expected context, found nearest: x/),
    });
    expect(await run(relu, 'wrongShape')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/expected \[tokens, width\], found \[1, 1, 8\]/),
    });
    expect(await run('no-such-style', 'huge')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no-such-style: no such style/),
    });
    expect(await run(relu, 'huge')).toMatchObject({ code: 1, stderr: expect.stringMatching(/relu/) });
    expect(existsSync(at('out.safetensors'))).toBe(false);
  });
});
