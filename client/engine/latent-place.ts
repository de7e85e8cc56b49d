// Where a picture's latents lie, and how the UNet is run on them there.
import type { DeviceSession, DeviceTensor, Feed } from '../runtime/session.ts';
import { type Latent, type LatentMath, PLAIN_MATH } from '../sampling/latent.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';

/** Feeds by their inputs' names. */
export type Feeds = Readonly<Record<string, Feed | DeviceTensor>>;

/** One picture's, or one batch's, for as long as it is drawn. */
export interface LatentPlace<L extends Latent> {
  readonly math: LatentMath<L>;
  /** A feed of many runs, brought to where the latents are. The same tensor is brought once. */
  bring(feed: Tensor): Feed | DeviceTensor;
  /** Runs a UNet on `sample` of this shape [rows, c, h, w]; gives its prediction of the same shape. */
  predict(session: DeviceSession, sample: L, shape: readonly number[], feeds: Feeds): Promise<L>;
  /** Frees all that lies there. */
  close(): void;
}

/** The UNet's output. */
export const PREDICTION = 'noise_pred';

/** In memory. */
export const PLAIN_PLACE: LatentPlace<Float32Array> = {
  math: PLAIN_MATH,
  bring: (feed) => feed,
  async predict(session, sample, shape, feeds) {
    const { outputs } = await session.run({ sample: tensor(shape, sample), ...feeds });
    return outputs[PREDICTION]!.data;
  },
  close: () => {},
};
