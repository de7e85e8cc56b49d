// One UNet evaluation of a picture: guidance rows, the step's contexts and layers, and a watch for NaN.
import type { AttentionLowering } from '../models/attention.ts';
import { styleFeeds, styleSignature } from '../models/styles.ts';
import type { Session } from '../runtime/session.ts';
import type { UnetRun } from '../sampling/denoiser.ts';
import { isAllFinite } from '../sampling/latent.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { EngineError } from './errors.ts';
import { type MaskInputs, repeatRows } from './inpainting.ts';
import type { OpenModel } from './model.ts';
import { nextTask } from './next-task.ts';
import type { Sessions } from './sessions.ts';
import type { Contexts, SteppedStyle, StepState, StepStyles } from './step-styles.ts';

/** What one picture asks of the UNet. */
export interface UnetJob {
  readonly model: OpenModel;
  readonly sessions: Sessions;
  /** Contexts have a row for each part of the prompt and, with guidance, one for the negative prompt. */
  readonly styles: StepStyles;
  /** Pictures that are drawn at once; each row of contexts serves as many rows of the sample. */
  readonly pictures: number;
  /** [c, h, w] of one latent. */
  readonly latentShape: readonly number[];
  readonly attention: AttentionLowering;
  /** Of an inpainting checkpoint: what its UNet reads besides the latent, for one row. */
  readonly masked?: MaskInputs | undefined;
}

/** The session that takes a step's layers, and its feeds that do not change within the step, for each run in turn. */
interface Prepared {
  readonly state: StepState;
  readonly session: Session;
  readonly runs: readonly Run[];
}

/** Rows of the sample that go through the UNet together, and what they read. */
interface Run {
  readonly rows: number;
  readonly feeds: Readonly<Record<string, Tensor>>;
}

/** Runs the UNet of one picture. */
export class UnetRunner {
  readonly #job: UnetJob;
  #prepared: Prepared | undefined;
  /** Evaluations so far, which a prompt that changes goes by. */
  #evaluations = 0;
  /** The session that each signature had in this picture. */
  readonly #sessions = new Map<string, Session>();
  #remade = false;
  /** A chain that folds into one matrix folds once for all steps that are alike. */
  readonly #layerFeeds = new WeakMap<StepState, Readonly<Record<string, Tensor>>>();

  private constructor(job: UnetJob) {
    this.#job = job;
  }

  /** Makes the session for the first step's layers, unless it is there. */
  static async create(job: UnetJob): Promise<UnetRunner> {
    const runner = new UnetRunner(job);
    await runner.#prepare(await job.styles.at(0, 0));
    return runner;
  }

  /**
   * Runs the UNet. `sample` holds [rows, c, h, w] flat, already scaled for the network; `timestep` one value a row, 0 … 999,
   * fractions allowed; `step` says which contexts and layers apply. Gives the prediction (ε or v) of the same size. Throws
   * `engine/non-finite` naming the style at fault.
   */
  readonly run: UnetRun = async (sample, timestep, _rows, step) => {
    await nextTask();
    const state = await this.#job.styles.at(step, this.#evaluations++);
    const kept = this.#prepared?.state === state ? this.#prepared : undefined;
    const { session, runs } = kept ?? (await this.#prepare(state));
    const size = sample.length / timestep.length;
    const prediction = runs.length === 1 ? undefined : new Float32Array(sample.length);
    let row = 0;
    for (const { rows, feeds } of runs) {
      const input = {
        sample: tensor([rows, ...this.#job.latentShape], sample.subarray(row * size, (row + rows) * size)),
        timestep: tensor([rows], timestep.subarray(row, row + rows)),
        ...(this.#job.masked && repeatRows(this.#job.masked, rows)),
      };
      const { noise_pred } = await session.run({ ...input, ...feeds });
      if (!isAllFinite(noise_pred!.data)) throw await this.#blame(input, state, feeds);
      if (prediction === undefined) return noise_pred!.data;
      prediction.set(noise_pred!.data, row * size);
      row += rows;
    }
    return prediction!;
  };

  /** What the user should know when sessions had to be made more than once; undefined when all went well. */
  get notice(): string | undefined {
    if (!this.#remade) return undefined;
    return (
      `The styles' layers have ${this.#sessions.size} shapes in this picture, more than the UNets that are kept of a model of this size, ` +
      'so that UNets were made anew between steps. A style is faster whose phases have layers of one shape.'
    );
  }

  async #prepare(state: StepState): Promise<Prepared> {
    const signature = styleSignature(state.styles, this.#job.model.config);
    const session = await this.#job.sessions.unet(signature, this.#job.attention);
    const before = this.#sessions.get(signature.key);
    if (before !== undefined && before !== session) this.#remade = true;
    this.#sessions.set(signature.key, session);
    const layerFeeds = this.#layerFeeds.get(state) ?? styleFeeds(state.styles, signature);
    this.#layerFeeds.set(state, layerFeeds);
    const runs = state.groups.map((group): Run => {
      const contexts = contextFeeds(group, this.#job.pictures);
      return { rows: contexts.context_k.shape[0]!, feeds: { ...contexts, ...layerFeeds } };
    });
    this.#prepared = { state, session, runs };
    return this.#prepared;
  }

  /** Names the first style of the chain whose layers make the UNet's output non-finite on this very input. */
  async #blame(
    input: Readonly<Record<string, Tensor>>,
    { styles }: StepState,
    { context_k, context_v }: Readonly<Record<string, Tensor>>,
  ): Promise<EngineError> {
    const timestep = input['timestep']!.data[0];
    for (let count = 0; count <= styles.length; count++) {
      const [session, layerFeeds] = await styledSession(this.#job, styles.slice(0, count));
      const { noise_pred } = await session.run({
        ...input,
        ...layerFeeds,
        context_k: context_k!,
        context_v: context_v!,
      });
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
        where: `UNet of ${this.#job.model.facts.name} at timestep ${timestep}`,
        fix: 'The checkpoint may be damaged: verify its digest.',
      },
    );
  }
}

/** The UNet session that takes these styles' layers, and the layers as its feeds. */
async function styledSession(
  { model, sessions, attention }: UnetJob,
  styles: readonly SteppedStyle[],
): Promise<[Session, Record<string, Tensor>]> {
  const signature = styleSignature(styles, model.config);
  return [await sessions.unet(signature, attention), styleFeeds(styles, signature)];
}

/** Each row of the contexts as often as there are pictures, one after the other. */
function contextFeeds({ k, v }: Contexts, pictures: number): { context_k: Tensor; context_v: Tensor } {
  if (pictures === 1) return { context_k: k, context_v: v };
  const repeated = ({ shape, data }: Tensor): Tensor => {
    const [rows, tokens, width] = shape as [number, number, number];
    const longer = tensor([rows * pictures, tokens, width]);
    for (let row = 0; row < rows * pictures; row++) {
      const from = Math.floor(row / pictures) * tokens * width;
      longer.data.set(data.subarray(from, from + tokens * width), row * tokens * width);
    }
    return longer;
  };
  const context_k = repeated(k);
  return { context_k, context_v: v === k ? context_k : repeated(v) };
}
