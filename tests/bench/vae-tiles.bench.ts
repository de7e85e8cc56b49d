// The VAE's decoder over tiles against a whole run: memory, processor time, and how far the pictures are apart.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { report } from './engine-report.ts';

/** Latents a side: 320 and 384 pixels of the default model, whose tiles are 256 pixels. */
const SIDES = [80, 96];

const folder = mkdtempSync(join(tmpdir(), 'tincture-tiles-'));
const node = new URL('./vae-tiles-node.ts', import.meta.url).pathname;

const latent = join(folder, 'latent');
const run = (...args: string[]): string =>
  execFileSync(process.execPath, ['--no-warnings', node, ...args], { encoding: 'utf8' });

function decode(mode: 'whole' | 'tiles', side: number) {
  const out = join(folder, `${mode}-${side}`);
  const { held, seconds } = JSON.parse(run(mode, latent, String(side), out)) as {
    held: number;
    seconds: number;
  };
  const { buffer, byteOffset, byteLength } = readFileSync(out);
  return { held, seconds, image: new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength)) };
}

/** Of pictures in −1 … 1. */
function decibels(a: Float32Array, b: Float32Array): number {
  const sum = a.reduce((all, value, i) => all + (value - b[i]!) ** 2, 0);
  return 10 * Math.log10(4 / (sum / a.length));
}

try {
  run('encode', latent);
  const runs = SIDES.map((side) => ({ side, whole: decode('whole', side), tiles: decode('tiles', side) }));
  const largest = runs.at(-1)!;
  report(
    'Decoding with the default model in Node (wasm), whole and over tiles of 64 latents',
    runs.map(({ side, whole, tiles }) => ({
      pixels: side * 4,
      'whole MB': whole.held / 1e6,
      'tiles MB': tiles.held / 1e6,
      'memory ×': tiles.held / whole.held,
      'processor time ×': tiles.seconds / whole.seconds,
      'PSNR dB': decibels(tiles.image, whole.image),
    })),
    [
      {
        claim: `memory of ${largest.side * 4} pixels a side over tiles, against a whole run`,
        value: largest.tiles.held / largest.whole.held,
        limit: 0.5,
        unit: '×',
      },
    ],
  );
} finally {
  rmSync(folder, { recursive: true });
}
