// Where a picture's latents lie, and how the UNet is run on them there.
import type { DeviceSession } from '../runtime/session.ts';
import { type Latent, type LatentMath, PLAIN_MATH } from '../sampling/latent.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';

/** What a run of the UNet reads that changes from step to step. */
export interface UnetInput<L> {
  readonly sample: L;
  /** [rows, c, h, w] */
  readonly shape: readonly number[];
  /** The same for all rows. */
  readonly timestep: number;
}

/** Feeds that many runs share, by their inputs' names: contexts, layers, a mask. */
export type Constants = Readonly<Record<string, Tensor>>;

/** One batch's, for as long as it is drawn. */
export interface LatentPlace<L extends Latent> {
  readonly math: LatentMath<L>;
  /** The UNet's prediction, of the sample's shape. Constants that stay the same objects are brought to the place once. */
  predict(session: DeviceSession, input: UnetInput<L>, constants: Constants): Promise<L>;
  /** Frees all that lies there. */
  close(): void;
}

/** The UNet's output. */
export const PREDICTION = 'noise_pred';

/** In memory. */
export const PLAIN_PLACE: LatentPlace<Float32Array> = {
  math: PLAIN_MATH,
  async predict(session, { sample, shape, timestep }, constants) {
    const { outputs } = await session.run({
      sample: tensor(shape, sample),
      timestep: timesteps(shape, timestep),
      ...constants,
    });
    return outputs[PREDICTION]!.data;
  },
  close: () => {},
};

/** [rows] of one value. */
export function timesteps([rows]: readonly number[], timestep: number): Tensor {
  return tensor([rows!], new Float32Array(rows!).fill(timestep));
}
