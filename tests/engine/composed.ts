// A picture drawn step by step with other styles at each step: what a schedule must come to.
import { AttentionChooser } from '../../client/engine/attention.ts';
import { type Conditioning, conditionPicture } from '../../client/engine/conditioning.ts';
import { plainReader } from '../../client/engine/context.ts';
import { PLAIN_PLACE } from '../../client/engine/latent-place.ts';
import { type OpenModel, openModel } from '../../client/engine/model.ts';
import { currentPlatform } from '../../client/engine/platform.ts';
import { Sessions } from '../../client/engine/sessions.ts';
import { StepStyles } from '../../client/engine/step-styles.ts';
import { Styles } from '../../client/engine/styles.ts';
import { UnetRunner } from '../../client/engine/unet-runner.ts';
import type { StyleUse } from '../../client/index.ts';
import { pictureNoise } from '../../client/sampling/noise.ts';
import { sample } from '../../client/sampling/sample.ts';

export interface Composer {
  readonly model: OpenModel;
  /** What the UNet reads of both prompts. */
  encode(picture: Pick<Picture, 'prompt' | 'negativePrompt' | 'guidance'>): Promise<Conditioning>;
  /** The final latent; `styles[i]` are those of step i. Styles of at most one signature beside none. */
  draw(picture: Picture, styles: readonly (readonly StyleUse[])[]): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface Picture {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly seed: number;
  readonly sampler: string;
  readonly guidance: number;
}

export async function openComposer(folder: string): Promise<Composer> {
  const platform = await currentPlatform();
  const finding = { platform, registry: undefined, signal: undefined, onProgress: undefined };
  const model = await openModel(folder, finding);
  const sessions = new Sessions(model, 'wasm');
  const styles = new Styles(model, platform.createPluginHost(), finding);
  const { config, manifest } = model;
  const encode: Composer['encode'] = async (picture) =>
    conditionPicture({ ...picture, runs: 1 }, plainReader(model, await sessions.textEncoder()));
  return {
    model,
    encode,
    async draw({ prompt, negativePrompt, seed, sampler, guidance }, uses) {
      const side = model.facts.defaults.width / config.latentFactor;
      const latentShape = [config.latentChannels, side, side];
      const size = { width: 64, height: 64 };
      const chooser = new AttentionChooser(config, 'wasm');
      const { attention } = await chooser.choose({ batch: 2, ...size, tokens: 77 }, size);
      const conditioning = await encode({ prompt, negativePrompt, guidance });
      const runners: UnetRunner<Float32Array>[] = [];
      for (const step of uses) {
        const stepStyles = await StepStyles.begin(await styles.prepare(step), conditioning, 1);
        runners.push(
          await UnetRunner.create({
            place: PLAIN_PLACE,
            model,
            sessions,
            styles: stepStyles,
            pictures: 1,
            latentShape,
            attention,
          }),
        );
      }
      const draw = pictureNoise([BigInt(seed)], config.latentChannels * side * side);
      return sample({
        math: PLAIN_PLACE.math,
        unet: (input, timestep, rows, step) => runners[step]!.run(input, timestep, rows, 0),
        prediction: manifest.prediction,
        guidance,
        sampler,
        steps: uses.length,
        noise: draw(),
        draw,
      });
    },
    async close() {
      await styles.close();
      await sessions.release();
    },
  };
}
