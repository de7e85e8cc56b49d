// A process of its own that runs the VAE once in Node: `encode` a sheet of pictures, or decode its latent, `whole` or over `tiles`.
import { readFileSync, writeFileSync } from 'node:fs';
import { tiledSession } from '../../client/engine/tiles.ts';
import { TILE } from '../../client/engine/vae.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { buildDecoder } from '../../client/models/decoder.ts';
import { buildEncoder } from '../../client/models/encoder.ts';
import { parseModelManifest } from '../../client/models/manifest.ts';
import { createSession } from '../../client/runtime/create.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { sheetOfPictures } from './vae-tiles-sheet.ts';

/** The kernel's own record of this process's highest resident size, in bytes. */
function peak(): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

const [, , mode, latentFile, side, out] = process.argv;
if (mode === undefined || latentFile === undefined) {
  throw new Error('usage: vae-tiles-node.ts encode LATENT, or whole|tiles LATENT SIDE OUT');
}
const folder = new URL('../../client/default-model/', import.meta.url).pathname;
const file = await openSafetensors(await fileSource(`${folder}checkpoint.safetensors`));
const manifest = parseModelManifest(JSON.parse(readFileSync(`${folder}model.json`, 'utf8')), 'model.json');
const config = readModelConfig(file, manifest);
const options = { attention: 'plain' } as const;

if (mode === 'encode') {
  const encoder = await createSession(buildEncoder(file, config, options), { backend: 'wasm' });
  const { moments } = await encoder.run({ image: sheetOfPictures(folder) });
  const [, both] = moments!.shape as [number, number];
  writeFileSync(latentFile, moments!.data.subarray(0, moments!.data.length / 2));
  process.stdout.write(JSON.stringify({ channels: both / 2 }));
} else {
  const latent = repeated(readLatent(latentFile), config.latentChannels, Number(side));
  const decoder = await createSession(buildDecoder(file, config, options), { backend: 'wasm' });
  const names = { input: 'latent', output: 'image', inputScale: 1, outputScale: config.latentFactor };
  const run =
    mode === 'whole' ? decoder : tiledSession(decoder, { ...names, tiling: { ...TILE, wraps: false } });
  const before = process.memoryUsage().rss;
  const started = process.cpuUsage();
  const { image } = await run.run({ latent });
  const { user, system } = process.cpuUsage(started);
  writeFileSync(out!, image!.data);
  process.stdout.write(JSON.stringify({ held: peak() - before, seconds: (user + system) / 1e6 }));
}

function readLatent(path: string): Float32Array {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

/** The sheet's latent again and again, so that it takes no large run to make a large one. */
function repeated(sheet: Float32Array, channels: number, latents: number) {
  const from = Math.sqrt(sheet.length / channels);
  const latent = tensor([1, channels, latents, latents]);
  for (let i = 0; i < latent.data.length; i++) {
    const [c, y, x] = [Math.floor(i / latents ** 2), Math.floor(i / latents) % latents, i % latents];
    latent.data[i] = sheet[(c * from + (y % from)) * from + (x % from)]!;
  }
  return latent;
}
