// One UNet evaluation of a picture: guidance rows, the two contexts, the styles' layers, and a watch for NaN.
import type { AttentionLowering } from '../models/attention.ts';
import { styleFeeds, styleSignature } from '../models/styles.ts';
import type { Session } from '../runtime/session.ts';
import type { UnetRun } from '../sampling/denoiser.ts';
import { isAllFinite } from '../sampling/latent.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Contexts } from './context.ts';
import { EngineError } from './errors.ts';
import type { OpenModel } from './model.ts';
import { nextTask } from './next-task.ts';
import type { Sessions } from './sessions.ts';
import type { ReadyStyle } from './styles.ts';

/** What one picture asks of the UNet. */
export interface UnetJob {
  readonly model: OpenModel;
  readonly sessions: Sessions;
  readonly styles: readonly ReadyStyle[];
  /** A row for the prompt and, with guidance, one for the negative prompt. */
  readonly contexts: Contexts;
  /** [c, h, w] of one latent. */
  readonly latentShape: readonly number[];
  readonly attention: AttentionLowering;
}

/** Runs the UNet of one picture. */
export class UnetRunner {
  readonly #job: UnetJob;
  readonly #session: Session;
  readonly #layerFeeds: Record<string, Tensor>;

  private constructor(job: UnetJob, session: Session, layerFeeds: Record<string, Tensor>) {
    this.#job = job;
    this.#session = session;
    this.#layerFeeds = layerFeeds;
  }

  /** Makes the session for the styles' shape, unless it is there. */
  static async create(job: UnetJob): Promise<UnetRunner> {
    return new UnetRunner(job, ...(await styledSession(job, job.styles)));
  }

  /**
   * Runs the UNet. `sample` holds [rows, c, h, w] flat, already scaled for the network; `timestep` one value a row, 0 … 999,
   * fractions allowed. Gives the prediction (ε or v) of the same size. Throws `engine/non-finite` naming the style at fault.
   */
  readonly run: UnetRun = async (sample, timestep) => {
    await nextTask();
    const plain = {
      sample: tensor([timestep.length, ...this.#job.latentShape], sample),
      timestep: tensor([timestep.length], timestep),
      context_k: this.#job.contexts.k,
      context_v: this.#job.contexts.v,
    };
    const { noise_pred } = await this.#session.run({ ...plain, ...this.#layerFeeds });
    if (!isAllFinite(noise_pred!.data)) throw await this.#blame(plain);
    return noise_pred!.data;
  };

  /** Names the first style of the chain whose layers make the UNet's output non-finite on this very input. */
  async #blame(plain: Readonly<Record<string, Tensor>>): Promise<EngineError> {
    const timestep = plain['timestep']!.data[0];
    const { styles, model } = this.#job;
    for (let count = 0; count <= styles.length; count++) {
      const [session, layerFeeds] = await styledSession(this.#job, styles.slice(0, count));
      const { noise_pred } = await session.run({ ...plain, ...layerFeeds });
      if (isAllFinite(noise_pred!.data)) continue;
      const culprit = styles[count - 1];
      if (culprit === undefined) break;
      return new EngineError(
        'engine/non-finite',
        `the style ${culprit.name} makes the picture non-finite (NaN or infinity)`,
        {
          where: `UNet at timestep ${timestep}`,
          found: `strength ${culprit.strength}`,
          fix: 'Use a smaller strength, or another style: this one may be over-trained.',
        },
      );
    }
    return new EngineError(
      'engine/non-finite',
      'the UNet gave a non-finite value (NaN or infinity) without any style’s layers',
      {
        where: `UNet of ${model.facts.name} at timestep ${timestep}`,
        fix: 'The checkpoint may be damaged: verify its digest.',
      },
    );
  }
}

/** The UNet session that takes these styles' layers, and the layers as its feeds; strength 0 adds nothing and is left out. */
async function styledSession(
  { model, sessions, attention }: UnetJob,
  styles: readonly ReadyStyle[],
): Promise<[Session, Record<string, Tensor>]> {
  const active = styles.filter(({ strength }) => strength !== 0);
  const signature = styleSignature(active, model.config);
  return [await sessions.unet(signature, attention), styleFeeds(active, signature)];
}
