// One UNet evaluation of a picture: guidance rows, the step's contexts and layers, and who is to blame for NaN.
import type { AttentionLowering } from '../models/attention.ts';
import { styleFeeds, styleSignature } from '../models/styles.ts';
import type { Padding } from '../onnx/convolution.ts';
import type { DeviceSession } from '../runtime/session.ts';
import type { UnetRun } from '../sampling/denoiser.ts';
import type { Latent } from '../sampling/latent.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { EngineError } from './errors.ts';
import { type MaskInputs, repeatRows } from './inpainting.ts';
import type { Constants, LatentPlace } from './latent-place.ts';
import type { OpenModel } from './model.ts';
import { nextTask } from './next-task.ts';
import type { Sessions } from './sessions.ts';
import type { Contexts, SteppedStyle, StepState, StepStyles } from './step-styles.ts';

/** What one picture asks of the UNet. */
export interface UnetJob<L extends Latent> {
  readonly place: LatentPlace<L>;
  readonly model: OpenModel;
  readonly sessions: Sessions;
  /** Contexts have a row for each part of the prompt and, with guidance, one for the negative prompt. */
  readonly styles: StepStyles;
  /** Pictures that are drawn at once; each row of contexts serves as many rows of the sample. */
  readonly pictures: number;
  /** [c, h, w] of one latent. */
  readonly latentShape: readonly number[];
  readonly attention: AttentionLowering;
  /** Default zeros. */
  readonly padding?: Padding;
  /** Of an inpainting checkpoint: what its UNet reads besides the latent, for one row. */
  readonly masked?: MaskInputs | undefined;
}

/** The session that takes a step's layers, and its feeds that do not change within the step, for each run in turn. */
interface Prepared {
  readonly state: StepState;
  readonly session: DeviceSession;
  readonly runs: readonly Run[];
}

/** Rows that go through the UNet together, `copies` of the sample, and what they read besides the styles' layers. */
interface Run {
  readonly copies: number;
  readonly own: Constants;
  readonly layers: Constants;
}

/** What the UNet was asked once. */
interface Evaluation<L> {
  readonly sample: L;
  readonly timestep: number;
  readonly prepared: Prepared;
}

/** Runs the UNet of one picture. */
export class UnetRunner<L extends Latent> {
  readonly #job: UnetJob<L>;
  #prepared: Prepared | undefined;
  /** Evaluations so far, which a prompt that changes goes by. */
  #evaluations = 0;
  /** The step under way, and its evaluations. */
  #step = -1;
  #ofStep: Evaluation<L>[] = [];
  /** The session that each signature had in this picture. */
  readonly #sessions = new Map<string, DeviceSession>();
  #remade = false;
  /** A chain that folds into one matrix folds once for all steps that are alike. */
  readonly #layerFeeds = new WeakMap<StepState, Readonly<Record<string, Tensor>>>();

  private constructor(job: UnetJob<L>) {
    this.#job = job;
  }

  /** Makes the session for the first step's layers, unless it is there. */
  static async create<L extends Latent>(job: UnetJob<L>): Promise<UnetRunner<L>> {
    const runner = new UnetRunner(job);
    await runner.#prepare(await job.styles.at(0, 0));
    return runner;
  }

  /** Runs the UNet for the walk of a sampler; `step` says which contexts and layers apply. */
  readonly run: UnetRun<L> = async (sample, timestep, _rows, step) => {
    await nextTask();
    const state = await this.#job.styles.at(step, this.#evaluations++);
    const kept = this.#prepared?.state === state ? this.#prepared : undefined;
    const prepared = kept ?? (await this.#prepare(state));
    const evaluation: Evaluation<L> = { sample, timestep, prepared };
    if (step !== this.#step) this.#ofStep = [];
    this.#step = step;
    this.#ofStep.push(evaluation);
    const predictions: L[] = [];
    for (const { copies, own, layers } of prepared.runs) {
      const together = await this.#predict(prepared.session, evaluation, copies, { ...own, ...layers });
      predictions.push(...this.#job.place.math.split(together, copies));
    }
    return predictions;
  };

  #predict(
    session: DeviceSession,
    { sample, timestep }: Evaluation<L>,
    copies: number,
    constants: Constants,
  ): Promise<L> {
    const { place, latentShape, pictures } = this.#job;
    const shape = [copies * pictures, ...latentShape];
    return place.predict(session, { sample: place.math.repeat(sample, copies), shape, timestep }, constants);
  }

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
    const { sessions, attention, padding } = this.#job;
    const session = await sessions.unet(signature, attention, padding);
    const before = this.#sessions.get(signature.key);
    if (before !== undefined && before !== session) this.#remade = true;
    this.#sessions.set(signature.key, session);
    const layerFeeds = this.#layerFeeds.get(state) ?? styleFeeds(state.styles, signature);
    this.#layerFeeds.set(state, layerFeeds);
    const { pictures, masked } = this.#job;
    const runs = state.groups.map((group): Run => {
      const rows = group.k.shape[0]! * pictures;
      const own = { ...contextFeeds(group, pictures), ...(masked && repeatRows(masked, rows)) };
      return { copies: group.k.shape[0]!, own, layers: layerFeeds };
    });
    this.#prepared = { state, session, runs };
    return this.#prepared;
  }

  /**
   * The error of a step under way whose latent is not a number: names the first style of the chain whose layers make the UNet's
   * output non-finite on the very input. Undefined when the UNet's outputs in this step were finite.
   */
  async blame(): Promise<EngineError | undefined> {
    for (const evaluation of this.#ofStep) {
      const { state, session, runs } = evaluation.prepared;
      for (const run of runs) {
        if (await this.#isFinite(session, evaluation, run, run.layers)) continue;
        return this.#blameFor(evaluation, run, state.styles);
      }
    }
    return undefined;
  }

  async #blameFor(
    evaluation: Evaluation<L>,
    run: Run,
    styles: readonly SteppedStyle[],
  ): Promise<EngineError> {
    const { timestep } = evaluation;
    for (let count = 0; count <= styles.length; count++) {
      const [session, layers] = await styledSession(this.#job, styles.slice(0, count));
      if (await this.#isFinite(session, evaluation, run, layers)) continue;
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

  async #isFinite(
    session: DeviceSession,
    evaluation: Evaluation<L>,
    { copies, own }: Run,
    layers: Constants,
  ): Promise<boolean> {
    const output = await this.#predict(session, evaluation, copies, { ...own, ...layers });
    return this.#job.place.math.isFinite(output);
  }
}

/** The UNet session that takes these styles' layers, and the layers as its feeds. */
async function styledSession(
  {
    model,
    sessions,
    attention,
    padding,
  }: Pick<UnetJob<Latent>, 'model' | 'sessions' | 'attention' | 'padding'>,
  styles: readonly SteppedStyle[],
): Promise<[DeviceSession, Record<string, Tensor>]> {
  const signature = styleSignature(styles, model.config);
  return [await sessions.unet(signature, attention, padding), styleFeeds(styles, signature)];
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
