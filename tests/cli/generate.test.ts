// generate as a child process, held against the golden model's pictures.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileSource } from '../../client/formats/node-file.ts';
import { decodePng } from '../../client/formats/png.ts';
import { readPngText } from '../../client/formats/png-text.ts';
import { openSafetensors, storeFloat32, writeSafetensors } from '../../client/formats/safetensors.ts';
import { relativeError } from '../../client/tensor/tensor.ts';
import { goldenJson, goldenSource } from '../formats/golden.ts';
import { finish, GOLDEN, start, tincture, tinctureJson } from './run.ts';

interface Config {
  readonly prompt: string;
  readonly negative_prompt: string;
  readonly ddim_steps: number;
  readonly guidance_scale: number;
  readonly hypernetworks: { file: string; strength: number }[];
}

const config = goldenJson<Config>('sd-tiny/config.json');
const model = `${GOLDEN}/sd-tiny`;
let folder: string;
const at = (name: string) => join(folder, name);
const golden = openSafetensors(goldenSource('sd-tiny/expected.safetensors'));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tincture-generate-'));
  const noise = await (await golden).read('init_noise');
  writeFileSync(at('noise.safetensors'), writeSafetensors(new Map([['noise', storeFloat32(noise)]])));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Several loads of the engine, on a machine that may be busy. */
const TIMEOUT = 300_000;

/** The options that make the golden picture. */
const options = () => [
  '--model', model, '--negative', config.negative_prompt, '--steps', String(config.ddim_steps), '--sampler', 'DDIM',
  '--guidance', String(config.guidance_scale), '--noise', at('noise.safetensors'), '--backend', 'wasm',
]; // biome-ignore format: pairs

test.each([
  ['without styles', 'ddim', false],
  ['with both styles', 'hypernetworks', true],
])(
  'the golden picture %s',
  async (_what, name, styled) => {
    const suffix = styled ? '_hypernetworks' : '';
    const styles = styled
      ? config.hypernetworks.flatMap(({ file, strength }) => ['--style', `${model}/${file}:${strength}`])
      : [];
    const [png, latents] = [at(`${name}.png`), at(`${name}.safetensors`)];
    const facts = await tinctureJson(
    'generate', config.prompt, ...options(), ...styles, '--seed', '42', '--save-latents', latents, '--output', png,
  ); // biome-ignore format: pairs
    expect(facts).toMatchObject({
      output: png,
      latents,
      width: 64,
      height: 64,
      seed: '42',
      model: { name: 'sd-tiny' },
      backend: 'wasm',
    });

    const ours = await (await openSafetensors(await fileSource(latents))).read('latents');
    const expected = await (await golden).read(`ddim_latent${suffix}`);
    expect(ours.shape).toEqual(expected.shape);
    expect(relativeError(ours.data, expected.data)).toBeLessThan(1e-3);

    const bytes = readFileSync(png);
    expect(readPngText(bytes)['parameters']).toBe(facts['parameters']);
    expect(facts['parameters']).toMatch(/Steps: 5, Sampler: DDIM.*CFG scale: 7\.5, Seed: 42, Size: 64x64/);
    const image = await (await golden).read(`ddim_image${suffix}`);
    const { pixels } = decodePng(bytes);
    let worst = 0;
    for (let i = 0; i < 64 * 64; i++) {
      for (let c = 0; c < 3; c++) {
        // The golden image is clamped to 0 … 1 already.
        worst = Math.max(worst, Math.abs(pixels[i * 4 + c]! - image.data[c * 64 * 64 + i]! * 255));
      }
    }
    expect(worst).toBeLessThanOrEqual(2);
  },
  TIMEOUT,
);

test(
  'an embedding, a batch and a skipped layer, each picture in its own file',
  async () => {
    const facts = await tinctureJson(
      'generate', 'a (brush:1.2) BREAK cat', '--model', model, '--embedding', `${GOLDEN}/embeddings/brush.pt`,
      '--embedding', `${GOLDEN}/embeddings/brush-diffusers.bin`, '--batch-size', '2', '--seed', '4', '--steps', '1',
      '--clip-skip', '2', '--rng', 'nv', '--output', at('several.png'),
    ); // biome-ignore format: pairs
    const files = [at('several-1.png'), at('several-2.png')];
    expect(facts).toMatchObject({
      output: files[0],
      embeddings: ['brush'],
      pictures: [
        { output: files[0], seed: '4' },
        { output: files[1], seed: '5' },
      ],
      notices: [],
    });
    for (const [i, file] of files.entries()) {
      const text = readPngText(readFileSync(file))['parameters'];
      expect(text).toMatch(
        new RegExp(`Seed: ${4 + i},.*RNG: NV, Clip skip: 2, TI hashes: "brush: [0-9a-f]{12}"`),
      );
    }
    const inspected = await tinctureJson('inspect', files[1]!);
    expect(inspected['settings']).toMatchObject({ seed: '5', clipSkip: 2, rng: 'NV' });
  },
  TIMEOUT,
);

test(
  'one seed gives one picture, told in words and with plain progress',
  async () => {
    const run = (name: string) =>
      tincture(
        'generate',
        'a cat',
        '--model',
        model,
        '--steps',
        '2',
        '--seed',
        '18446744073709551615',
        '--output',
        at(name),
      );
    const first = await run('a.png');
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/a\.png: 64 × 64, seed 18446744073709551615, [\d.]+ s\n$/);
    expect(first.stderr).toMatch(/2\/2\n/);
    expect(first.stderr).not.toContain('\x1b');
    await run('b.png');
    expect(readFileSync(at('a.png'))).toEqual(readFileSync(at('b.png')));
  },
  TIMEOUT,
);

test(
  'a size that the model cannot draw is wrong usage; a missing style and model are errors',
  async () => {
    const run = (...args: string[]) =>
      tincture('generate', 'a cat', '--steps', '1', '--output', at('none.png'), ...args);
    expect(await run('--model', model, '--width', '63')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/width/),
    });
    expect(await run('--model', model, '--style', 'nowhere.pt')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/nowhere\.pt/),
    });
    expect(await run('--model', at('nowhere'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/nowhere/),
    });
    expect(existsSync(at('none.png'))).toBe(false);
  },
  TIMEOUT,
);

test(
  'Ctrl-C stops, exits with 130 and leaves no file',
  async () => {
    const child = start(
      'generate',
      'a cat',
      '--model',
      model,
      '--steps',
      '200',
      '--output',
      at('stopped.png'),
    );
    child.stderr!.on('data', (text: string) => {
      if (/\d\/200/.test(String(text))) child.kill('SIGINT');
    });
    const { code, stdout, stderr } = await finish(child);
    expect([code, stdout]).toEqual([130, '']);
    // The signal is noticed between steps, not after the last one.
    expect(stderr).not.toContain('200/200');
    expect(stderr).toMatch(/error: cancelled; nothing was written\n$/);
    expect(readdirSync(folder).filter((name) => name.includes('stopped'))).toEqual([]);
  },
  TIMEOUT,
);
