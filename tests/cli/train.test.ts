// train as a child process on the golden model: stopped by Ctrl-C with a save, gone on from, with logs and a preview.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { check } from '../../client/cli/check.ts';
import { train } from '../../client/cli/train.ts';
import { trainRequest } from '../../client/cli/train-request.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { decodePng, encodePng } from '../../client/formats/png.ts';
import { readPngText } from '../../client/formats/png-text.ts';
import { openStyleFile } from '../../client/formats/style-file.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { startHypernetwork } from '../../client/training/start-weights.ts';
import { readTrainingState, writeTrainingState } from '../../client/training/state-file.ts';
import { freshState } from '../../client/training/training-state.ts';
import { finish, GOLDEN, start, tincture } from './run.ts';

let folder: string;
const at = (name: string) => join(folder, name);
/** Loads of the engine, on a machine that may be busy. */
const TIMEOUT = 300_000;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tincture-train-'));
  mkdirSync(at('pictures'));
  for (const [i, name] of ['1 red_apple', '2 tree', '3 car'].entries()) {
    const pixels = Uint8ClampedArray.from({ length: 80 * 64 * 4 }, (_, at) =>
      at % 4 === 3 ? 255 : (at * (i + 3)) % 251,
    );
    writeFileSync(at(`pictures/${name}.png`), encodePng({ width: 80, height: 64, pixels }));
  }
  writeFileSync(at('pictures/photo.jpg'), Uint8Array.of(0xff, 0xd8, 0xff, 0xe0));
  writeFileSync(at('pictures/2 tree.txt'), 'a tall tree');
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Event {
  readonly event: string;
  readonly step?: number;
  readonly loss?: number;
  readonly notice?: string;
  readonly path?: string;
}

const events = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);

test(
  'Ctrl-C saves; the run goes on from there with its own options',
  async () => {
    const child = start(
      'train', 'hypernetwork', '--data', at('pictures'), '--model', `${GOLDEN}/sd-tiny`, '--output', at('mine.pt'),
      '--steps', '5000', '--rate', '1e-3:4000, 1e-4', '--widths', '24', '--layers', '1,1.5,1', '--dropout', '0,0.1,0',
      '--save-every', '0', '--log', at('mine.csv'), '--seed', '7', '--json',
    ); // biome-ignore format: pairs
    child.stdout!.on('data', (text: Buffer) => {
      if (text.includes('"event":"step"')) child.kill('SIGINT');
    });
    const stopped = await finish(child);
    expect(stopped.code, stopped.stderr).toBe(130);
    const step = events(stopped.stdout).findLast(({ event }) => event === 'save')!.step!;
    expect(stopped.stderr).toContain(`stopped after step ${step}`);
    expect(events(stopped.stdout)[0]!.notice).toMatch(/left out: photo\.jpg.*cannot be read/);

    const last = step + 1;
    const { code, stdout, stderr } = await tincture(
      'train', 'hypernetwork', '--data', at('pictures'), '--model', `${GOLDEN}/sd-tiny`, '--output', at('mine.pt'),
      '--resume', at('mine.training.safetensors'), '--steps', String(last), '--preview-every', '1', '--log', at('mine.csv'), '--json',
      '--rollouts', '1', '--plain', at('pictures'), '--min-snr', '5',
    ); // biome-ignore format: pairs
    expect(code, stderr).toBe(0);
    const found = events(stdout);
    expect(found.filter(({ event }) => event === 'step').map((event) => event.step)).toEqual([last]);
    expect(found.at(-1)).toMatchObject({ event: 'end', step: last });
    const preview = decodePng(readFileSync(found.find(({ event }) => event === 'preview')!.path!));
    expect([preview.width, preview.height]).toEqual([64, 64]);
    const lines = readFileSync(at('mine.csv'), 'utf8').trim().split('\n');
    expect(lines[0]).toBe('step,loss,rate,validation_loss');
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(
      Array.from({ length: last }, (_, i) => String(i + 1)),
    );
    const { state } = await readTrainingState(await fileSource(at('mine.training.safetensors')));
    expect(state.rollouts?.shape).toEqual([1, 4, 8, 8]);
    const { description, widths } = await readHypernetwork(await fileSource(at('mine.pt')));
    expect([...widths.keys()]).toEqual([24]);
    expect(description).toMatchObject({
      name: 'mine',
      step: last,
      layerStructure: [1, 1.5, 1],
      dropoutStructure: [0, 0.1, 0],
      checkpointName: 'sd-tiny',
    });
  },
  TIMEOUT,
);

test(
  'a .style comes with previews and a card that records data, steps, rates and base; check takes it',
  async () => {
    const output = at('lines.style');
    await writeCard();
    const { code, stdout, stderr } = await tincture(
      'train', 'hypernetwork', '--data', at('pictures'), '--model', `${GOLDEN}/sd-tiny`, '--output', output,
      '--name', 'My Lines', '--widths', '24', '--steps', '2', '--rate', '1e-3:1, 1e-4', '--batch', '2', '--hold-back', '1', '--flip',
      '--card', at('card.json'), '--licence', 'CC0-1.0', '--preview-seeds', '5,9', '--json',
    ); // biome-ignore format: pairs
    expect(code, stderr).toBe(0);
    expect(events(stdout).at(-1)).toMatchObject({ event: 'end', step: 2 });
    const { manifest, blob } = await openStyleFile(await fileSource(output));
    expect(manifest).toMatchObject({
      name: 'my-lines',
      version: '1.0.0',
      title: 'Thin lines',
      author: 'Ada',
      licence: 'CC0-1.0',
      description: 'Trained on 2 pictures for 2 steps of 2 pictures, at 1e-3:1, 1e-4, over sd-tiny.',
      base: { architecture: 'stable-diffusion-v1', contextWidth: 24 },
      training: { pictures: 2, steps: 2, batch: 2, rates: '1e-3:1, 1e-4', base: 'sd-tiny' },
      layers: { widths: [24], structure: [1, 2, 1] },
    });
    expect(manifest.base.checkpointSha256).toBe(
      createHash('sha256')
        .update(readFileSync(`${GOLDEN}/sd-tiny/checkpoint.safetensors`))
        .digest('hex'),
    );
    const texts = await Promise.all(
      manifest.blobs.previews.map(async ({ sha256, size }) => readPngText(await blob(sha256).read(0, size))),
    );
    expect(texts.map((entries) => /Seed: (\d+)/.exec(entries['parameters']!)![1])).toEqual(['5', '9']);
    const checked: string[] = [];
    await check.run([output, '--json'], { out: (text) => checked.push(text), note: () => {} });
    expect(JSON.parse(checked[0]!)).toMatchObject({ problem: null, tried: true });
  },
  TIMEOUT,
);

test(
  'an embedding as a .style is a word of the registry, with previews and its training; check takes it',
  async () => {
    const output = at('thing.style');
    const { code, stderr } = await tincture(
      'train', 'embedding', '--data', at('pictures'), '--model', `${GOLDEN}/sd-tiny`, '--output', output, '--vectors', '2',
      '--steps', '1', '--author', 'Ada', '--licence', 'CC0-1.0', '--preview-seeds', '5', '--json',
    ); // biome-ignore format: pairs
    expect(code, stderr).toBe(0);
    const { manifest } = await openStyleFile(await fileSource(output));
    expect(manifest).toMatchObject({
      kind: 'embedding',
      name: 'thing',
      vectors: 2,
      layers: null,
      parameters: [],
      training: { pictures: 3, steps: 1, batch: 1, rates: '5e-3', base: 'sd-tiny' },
      blobs: { plugin: null, previews: [expect.anything()] },
    });
    const checked: string[] = [];
    await check.run([output], { out: (text) => checked.push(text), note: () => {} });
    expect(checked[0]).toMatch(/embedding\s+thing 1\.0\.0\nmay run\s+yes/);
  },
  TIMEOUT,
);

test('what cannot be trained on is told before any step', async () => {
  mkdirSync(at('empty'), { recursive: true });
  mkdirSync(at('bad'), { recursive: true });
  const side = (size: number) =>
    encodePng({ width: size, height: size, pixels: new Uint8ClampedArray(size * size * 4) });
  writeFileSync(at('bad/small.png'), side(32));
  writeFileSync(at('bad/torn.png'), side(64).subarray(0, 60));
  const run = (...args: string[]) =>
    tincture('train', 'hypernetwork', '--model', `${GOLDEN}/sd-tiny`, '--output', at('never.pt'), ...args);
  const refusals = [
    [['--data', at('empty')], /no picture to train on.*no picture files/],
    [['--data', at('bad')], /no picture to train on.*small\.png.*too small.*32 × 32.*torn\.png/],
    [['--data', at('nowhere')], /folder of pictures cannot be read/],
    [['--data', at('pictures'), '--size', '32x32'], /cannot be trained at this size.*64 to 2048.*32 × 32/],
    [['--data', at('pictures'), '--hold-back', '9'], /leaves no picture to train on/],
    [['--data', at('pictures'), '--widths', '768'], /no attention of such a width.*768/],
    [['--data', at('pictures'), '--resume', at('pictures/2 tree.txt')], /2 tree\.txt/],
  ] as const;
  for (const [args, message] of refusals) {
    const { code, stderr } = await run(...args);
    expect([code, stderr]).toEqual([1, expect.stringMatching(new RegExp(message.source, 's'))]);
  }
  expect(existsSync(at('never.pt'))).toBe(false);
});

test('a state of another model is refused before the pictures are read', async () => {
  const request = await trainRequest('hypernetwork', { data: at('pictures'), output: at('other.pt') });
  const facts = {
    kind: 'hypernetwork',
    name: 'x',
    modelHash: 'ffffffffff',
    modelName: 'other',
    seed: 0n,
  } as const;
  const weights = startHypernetwork(request.description, [24], 0n);
  writeFileSync(at('other.training.safetensors'), writeTrainingState(freshState(weights), facts));
  const { code, stderr } = await tincture(
    'train', 'hypernetwork', '--data', at('pictures'), '--model', `${GOLDEN}/sd-tiny`, '--output', at('other.pt'),
    '--resume', at('other.training.safetensors'),
  ); // biome-ignore format: pairs
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/trained over another model.*sd-tiny.*other \(ffffffffff\)/s),
  ]);
});

const writeCard = async () => writeFileSync(at('card.json'), '{ "author": "Ada", "title": "Thin lines" }');

test.each([
  [[], /hypernetwork, embedding or model/],
  [['embedding', '--output', 'x.pt'], /--data is missing/],
  [['embedding', '--data', '.', '--output', 'x.ckpt'], /must end in .pt, .safetensors or .style/],
  [['embedding', '--data', '.', '--output', 'x.style'], /needs --author and --licence/],
  [['hypernetwork', '--data', '.', '--output', 'x.style'], /needs --author and --licence/],
  [
    ['hypernetwork', '--data', '.', '--output', 'x.pt', '--author', 'Ada'],
    /go with an --output that ends in \.style/,
  ],
  [
    ['hypernetwork', '--data', '.', '--output', 'x.pt', '--preview-seeds', '1,1'],
    /at most 8 seeds, each once/,
  ],
  [['embedding', '--data', '.', '--output', 'x.pt', '--rate', '1e-3:10, quick'], /character 10.*quick/s],
  [['embedding', '--data', '.', '--output', 'x.pt', '--vectors', '76'], /--vectors.*1 to 75/],
  [['hypernetwork', '--data', '.', '--output', 'x.pt', '--dropout', '0,0.3'], /3 rates/],
  [['hypernetwork', '--data', '.', '--output', 'x.pt', '--crop', 'left'], /centre or focal/],
  [['hypernetwork', '--data', '.', '--output', 'x.pt', '--runtime', 'fast'], /--runtime must be web or node/],
  [
    ['hypernetwork', '--data', '.', '--output', 'x.pt', '--runtime', 'node', '--backend', 'wasm'],
    /goes with --runtime web/,
  ],
  [['hypernetwork', '--data', '.', '--output', 'x.pt', '--clip', 'norm'], /value:X or norm:X/],
  [['hypernetwork', '--data', '.', '--output', 'x.pt', '--rollouts', '17'], /--rollouts.*0 to 16/],
  [['model', '--data', '.', '--output', 'x.pt'], /model must end in .safetensors/],
  [
    ['model', '--data', '.', '--output', 'x.safetensors', '--preview-every', '5'],
    /a model is loaded to draw/,
  ],
])('train %j is refused in words', async (args, message) => {
  await expect(train.run(args, { out: () => {}, note: () => {} })).rejects.toThrow(message);
});
