// Final latents to pictures: the decoder, and PNGs that carry their parameters.
import { encodePng } from '../formats/png.ts';
import { tensor } from '../tensor/tensor.ts';
import type { DrawnPicture } from './engine.ts';
import type { Job } from './job.ts';
import { layOver } from './mask.ts';
import { decodeLatent } from './picture.ts';
import { pictureParameters } from './picture-parameters.ts';

/** The pictures from number `first` on, of their latents [batchSize, c, h, w] flat, decoded one by one. */
export async function decodeBatch(job: Job, first: number, latents: Float32Array): Promise<DrawnPicture[]> {
  const { plan, parts, latentShape, vae, drawnFrom, signal, clock, onProgress } = job;
  const { model } = parts;
  const kept = job.start?.kept;
  const length = latents.length / plan.batchSize;
  const pictures: DrawnPicture[] = [];
  onProgress({ stage: 'decode', message: 'decoding the picture' });
  for (let i = 0; i < plan.batchSize; i++) {
    const latent = tensor([1, ...latentShape], latents.slice(i * length, (i + 1) * length));
    const decoded = await clock.time('decode', async () =>
      decodeLatent(latent, model.manifest.latentScale, await vae.decoder()),
    );
    signal.throwIfAborted();
    const picture = kept === undefined ? decoded : layOver(decoded, kept.original, kept.levels);
    const parameters = pictureParameters(drawnFrom, first + i);
    const png = encodePng(picture, { parameters });
    pictures.push({ picture, png, parameters, seed: plan.seeds[first + i]! });
  }
  return pictures;
}
