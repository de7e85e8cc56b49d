// One UNet evaluation of a picture: guidance rows, the two contexts, the styles' layers, and a watch for NaN.
import type { StrengthenedHypernetwork } from '../hypernetwork/hypernetwork.ts';
import { styleFeeds, styleSignature } from '../models/styles.ts';
import type { Session } from '../runtime/session.ts';
import type { UnetRun } from '../sampling/denoiser.ts';
import { isAllFinite } from '../sampling/latent.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Contexts } from './context.ts';
import { EngineError } from './errors.ts';
import type { OpenModel } from './model.ts';
import type { Sessions } from './sessions.ts';
import type { ReadyStyle } from './styles.ts';

/** Runs the UNet of one picture. `contexts` has a row for the prompt and, with guidance, one for the negative prompt. */
export class UnetRunner {
  readonly #model: OpenModel;
  readonly #sessions: Sessions;
  readonly #styles: readonly ReadyStyle[];
  readonly #contexts: Contexts;
  readonly #session: Session;
  readonly #latentShape: readonly number[];
  readonly #layerFeeds: Record<string, Tensor>;

  private constructor(
    model: OpenModel,
    sessions: Sessions,
    styles: readonly ReadyStyle[],
    contexts: Contexts,
    latentShape: readonly number[],
    session: Session,
    layerFeeds: Record<string, Tensor>,
  ) {
    this.#model = model;
    this.#sessions = sessions;
    this.#styles = styles;
    this.#contexts = contexts;
    this.#latentShape = latentShape;
    this.#session = session;
    this.#layerFeeds = layerFeeds;
  }

  /** @param latentShape [c, h, w] of one latent. */
  static async create(
    model: OpenModel,
    sessions: Sessions,
    styles: readonly ReadyStyle[],
    contexts: Contexts,
    latentShape: readonly number[],
  ): Promise<UnetRunner> {
    const active = lowered(styles);
    const signature = styleSignature(active, model.config);
    const session = await sessions.unet(signature);
    return new UnetRunner(
      model,
      sessions,
      styles,
      contexts,
      latentShape,
      session,
      styleFeeds(active, signature),
    );
  }

  /**
   * Runs the UNet. `sample` holds [rows, c, h, w] flat, already scaled for the network; `timestep` one value a row, 0 … 999,
   * fractions allowed. Gives the prediction (ε or v) of the same size. Throws `engine/non-finite` naming the style at fault.
   */
  readonly run: UnetRun = async (sample, timestep) => {
    const plain = {
      sample: tensor([timestep.length, ...this.#latentShape], sample),
      timestep: tensor([timestep.length], timestep),
      context_k: this.#contexts.k,
      context_v: this.#contexts.v,
    };
    const { noise_pred } = await this.#session.run({ ...plain, ...this.#layerFeeds });
    if (!isAllFinite(noise_pred!.data)) throw await this.#blame(plain);
    return noise_pred!.data;
  };

  /** Names the first style of the chain whose layers make the UNet's output non-finite on this very input. */
  async #blame(plain: Readonly<Record<string, Tensor>>): Promise<EngineError> {
    const timestep = plain['timestep']!.data[0];
    for (let count = 0; count <= this.#styles.length; count++) {
      const active = lowered(this.#styles.slice(0, count));
      const signature = styleSignature(active, this.#model.config);
      const session = await this.#sessions.unet(signature);
      const { noise_pred } = await session.run({ ...plain, ...styleFeeds(active, signature) });
      if (isAllFinite(noise_pred!.data)) continue;
      const culprit = this.#styles[count - 1];
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
        where: `UNet of ${this.#model.facts.name} at timestep ${timestep}`,
        fix: 'The checkpoint may be damaged: verify its digest.',
      },
    );
  }
}

/** The styles in the form that the graph's lowering takes; strength 0 adds nothing and is left out. */
function lowered(styles: readonly ReadyStyle[]): StrengthenedHypernetwork[] {
  return styles
    .filter(({ strength }) => strength !== 0)
    .map(({ hypernetwork, strength }) => ({ hypernetwork, strength }));
}
