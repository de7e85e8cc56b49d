// Previews of the default model: its small decoder and the linear map against its own decoder, how near and how long.
import { readFileSync } from 'node:fs';
import { fitPreview, previewLatent, toPicture } from '../../client/engine/picture.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { buildDecoder } from '../../client/models/decoder.ts';
import { buildTinyDecoder, readTinyDecoder } from '../../client/models/tiny-decoder.ts';
import { createSession } from '../../client/runtime/create.ts';
import { type Tensor, tensor } from '../../client/tensor/tensor.ts';
import { MODEL_FOLDER, now, openModel } from './engine-model.ts';
import { median, report } from './engine-report.ts';

/** None of them has a name that the small decoder was trained on. */
const PROMPTS = JSON.parse(
  readFileSync(new URL('./preview-prompts.json', import.meta.url), 'utf8'),
) as readonly string[];
const TIMES = 15;

const { engine, checkpoint, config } = await openModel();
const { previewDecoder } = config.manifest;
if (previewDecoder === undefined) throw new Error(`${MODEL_FOLDER} names no preview decoder`);
const file = await openSafetensors(await fileSource(`${MODEL_FOLDER}/${previewDecoder}`));
const own = await createSession(buildDecoder(checkpoint, config, { attention: 'plain' }), {
  backend: 'wasm',
});
const tiny = await createSession(buildTinyDecoder(readTinyDecoder(file, config), config), {
  backend: 'wasm',
});
const scale = config.manifest.latentScale;
const map = await fitPreview(config.latentChannels, scale, own);

const decode = async (latent: Tensor): Promise<Tensor> => {
  const given = tensor(
    latent.shape,
    latent.data.map((value) => value / scale),
  );
  return (await own.run({ latent: given }))['image']!;
};
const small = async (latent: Tensor): Promise<Tensor> => (await tiny.run({ latent }))['image']!;

/** The mean squared error of two pictures' colours; a smaller one's pixels are enlarged to squares. */
function squaredError(seen: ReturnType<typeof toPicture>, wanted: ReturnType<typeof toPicture>): number {
  const factor = wanted.width / seen.width;
  let sum = 0;
  for (let i = 0; i < wanted.width * wanted.height; i++) {
    const [x, y] = [i % wanted.width, Math.floor(i / wanted.width)];
    const at = Math.floor(y / factor) * seen.width + Math.floor(x / factor);
    for (let c = 0; c < 3; c++) sum += (seen.pixels[4 * at + c]! - wanted.pixels[4 * i + c]!) ** 2;
  }
  return sum / (3 * wanted.width * wanted.height);
}

const errors: { tiny: number; map: number }[] = [];
const times: { own: number; tiny: number; map: number }[] = [];
const timed = async <T>(work: () => Promise<T> | T): Promise<[T, number]> => {
  const { processor } = now();
  const result = await work();
  return [result, now().processor - processor];
};
for (const [seed, prompt] of PROMPTS.entries()) {
  const { latents: latent } = await engine.generate({ prompt, seed });
  const wanted = toPicture(await decode(latent));
  errors.push({
    tiny: squaredError(toPicture(await small(latent)), wanted),
    map: squaredError(previewLatent(latent, map), wanted),
  });
  for (let i = 0; i < TIMES; i++) {
    const [, ownTime] = await timed(() => decode(latent));
    const [, tinyTime] = await timed(() => small(latent));
    const [, mapTime] = await timed(() => previewLatent(latent, map));
    times.push({ own: ownTime, tiny: tinyTime, map: mapTime });
  }
}
await Promise.all([own.release(), tiny.release(), engine.close()]);

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const decibels = (squares: readonly number[]) => 10 * Math.log10(255 ** 2 / mean(squares));
const tinyDecibels = decibels(errors.map((error) => error.tiny));
const mapDecibels = decibels(errors.map((error) => error.map));
const middle = (name: 'own' | 'tiny' | 'map') => median(times.map((time) => time[name]));
const ratio = median(times.map((time) => time.tiny / time.own));
report(
  `Previews of ${engine.model.name} against its own decoder, ${PROMPTS.length} pictures (wasm, one thread)`,
  [
    { what: 'own decoder', 'processor ms': middle('own'), 'PSNR dB': 'all' },
    { what: 'small decoder', 'processor ms': middle('tiny'), 'PSNR dB': tinyDecibels },
    { what: 'linear map', 'processor ms': middle('map'), 'PSNR dB': mapDecibels },
  ],
  [
    {
      claim: 'small decoder nearer than the linear map',
      value: tinyDecibels - mapDecibels,
      limit: 2,
      atLeast: true,
      unit: ' dB',
    },
    { claim: 'processor time of the small decoder, against the own', value: ratio, limit: 0.2, unit: '×' },
  ],
);
