// Previews of unfinished pictures: by the model's small decoder where it has one, else by a linear map fitted to its own decoder.
import type { Tensor } from '../tensor/tensor.ts';
import type { Picture } from './engine.ts';
import type { PipelineParts } from './job.ts';
import { fitPreview, type PreviewMap, previewLatent, toPicture } from './picture.ts';
import type { Plan } from './request.ts';
import { tiledSession } from './tiles.ts';
import { planTiles, type Vae } from './vae.ts';

/** A picture of a clean latent [1, c, h, w], as guessed in a step. */
export type Previewer = (latent: Tensor) => Promise<Picture>;

/** Makes the previewers of one model; the linear map is fitted once. */
export class Previews {
  readonly #parts: Pick<PipelineParts, 'model' | 'sessions'>;
  #map: PreviewMap | undefined;

  constructor(parts: Pick<PipelineParts, 'model' | 'sessions'>) {
    this.#parts = parts;
  }

  async open(plan: Plan, vae: Vae, signal: AbortSignal): Promise<Previewer> {
    const { model } = this.#parts;
    const { latentChannels } = model.config;
    if (model.previewDecoder !== undefined) return (latent) => this.#decode(latent, plan.tiling, signal);
    this.#map ??= await fitPreview(latentChannels, model.manifest.latentScale, await vae.decoder());
    const map = this.#map;
    return async (latent) => previewLatent(latent, map);
  }

  /** Over tiles wherever the latent is larger than one: a preview must not be what memory ends at. */
  async #decode(latent: Tensor, wraps: boolean, signal: AbortSignal): Promise<Picture> {
    const { model, sessions } = this.#parts;
    const { latentFactor } = model.config;
    const [, , height, width] = latent.shape as [number, number, number, number];
    const size = { width: width * latentFactor, height: height * latentFactor };
    const tiling = planTiles(model.config, size, 'on', wraps);
    // Asked for each time, since memory may have been made by releasing it.
    const session = await sessions.previewDecoder(wraps && tiling === undefined ? 'wrap' : 'zeros');
    const names = { input: 'latent', output: 'image', inputScale: 1, outputScale: latentFactor };
    const run = tiling === undefined ? session : tiledSession(session, { ...names, tiling, signal });
    const { image } = await run.run({ latent });
    return toPicture(image!);
  }
}
