// What a request's batches share: made once by `prepareJob`, then drawn and decoded.
import type { AttentionLowering } from '../models/attention.ts';
import type { Padding } from '../onnx/convolution.ts';
import type { AttentionChooser } from './attention.ts';
import type { Conditioning } from './conditioning.ts';
import type { Embeddings } from './embeddings.ts';
import type { Progress } from './engine.ts';
import type { MaskInputs } from './inpainting.ts';
import type { OpenModel } from './model.ts';
import type { DrawnFrom } from './picture-parameters.ts';
import type { Opened } from './prepare-job.ts';
import type { Previewer } from './preview.ts';
import type { Plan } from './request.ts';
import type { Sessions } from './sessions.ts';
import type { StageClock } from './stage-clock.ts';
import type { Start } from './start-latent.ts';
import type { StepStyles } from './step-styles.ts';
import type { Styles } from './styles.ts';
import type { Vae } from './vae.ts';

/** What pictures are drawn with. */
export interface PipelineParts {
  readonly model: OpenModel;
  readonly sessions: Sessions;
  readonly styles: Styles;
  readonly embeddings: Embeddings;
  readonly attention: AttentionChooser;
}

/** How a request is watched and cancelled. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly clock: StageClock;
}

/** A request, or one of its two passes, with its styles, contexts and start, ready for the UNet. */
export interface Job extends Watch {
  readonly parts: PipelineParts;
  readonly plan: Plan;
  readonly conditioning: Conditioning;
  readonly styles: StepStyles;
  readonly opened: Opened;
  /** Steps that are taken. */
  readonly steps: number;
  /** Steps of all batches: those of an earlier pass, and in all. */
  readonly progress: { readonly before: number; readonly total: number };
  /** [c, h, w] of one latent. */
  readonly latentShape: readonly number[];
  /** The UNet's. */
  readonly attention: AttentionLowering;
  readonly padding: Padding;
  readonly vae: Vae;
  /** Of an inpainting checkpoint. */
  readonly masked: MaskInputs | undefined;
  readonly start: Start | undefined;
  /** Undefined where no preview is asked for. */
  readonly preview: Previewer | undefined;
  /** What the pictures' text blocks tell. */
  readonly drawnFrom: DrawnFrom;
  /** What the user should know; batches add to it. */
  readonly notices: string[];
}
