// Messages between a page and the trainer in its Worker.
import type { ModelFacts, ModelSource } from '../engine/engine.ts';
import type { WireError } from '../engine/wire-error.ts';
import type { Backend } from '../runtime/session.ts';
import type { Assessment } from './fit.ts';
import type { TrainingRequest } from './request.ts';
import type { StepReport } from './trainer.ts';

/** What a Worker opens the model with. */
export interface WorkerTrainerOptions {
  readonly model: ModelSource;
  readonly registry?: string;
  readonly wasmPaths?: string;
  readonly threads?: number;
  readonly backend?: Backend;
}

/** A picture that is kept under `pictures/<id>`. */
export interface ListedPicture {
  readonly id: string;
  readonly name: string;
  readonly caption: string;
}

export interface TrainStart {
  readonly request: TrainingRequest;
  readonly pictures: readonly ListedPicture[];
  /** Kept with the state, as JSON. */
  readonly options: string;
  readonly saveEvery: number;
  readonly previewEvery: number;
}

export type ToTrainer =
  | { readonly kind: 'open'; readonly id: number; readonly options: WorkerTrainerOptions }
  | { readonly kind: 'assess'; readonly id: number; readonly request: TrainingRequest }
  | { readonly kind: 'train'; readonly id: number; readonly start: TrainStart }
  /** Save, then end. */
  | { readonly kind: 'pause' }
  /** The preview is drawn, or cannot be. */
  | { readonly kind: 'drawn' }
  /** Try the save again that found no room. */
  | { readonly kind: 'save-again' };

/** What happens while training. */
export type TrainingNews =
  | { readonly kind: 'preparing'; readonly message: string; readonly done?: number; readonly total?: number }
  | { readonly kind: 'notice'; readonly words: string }
  | {
      readonly kind: 'begun';
      readonly step: number;
      readonly lastStep: number;
      readonly pictures: number;
      readonly heldBack: number;
    }
  /** `milliseconds`: since the step before. */
  | { readonly kind: 'step'; readonly report: StepReport; readonly milliseconds: number }
  | { readonly kind: 'validation'; readonly step: number; readonly loss: number }
  | { readonly kind: 'saved'; readonly step: number }
  /** The save found no room. Training waits: free some and say `save-again`, or pause no more. */
  | { readonly kind: 'unsaved'; readonly step: number; readonly words: string }
  /** Training waits until it is drawn. */
  | { readonly kind: 'preview'; readonly step: number; readonly file: Uint8Array<ArrayBuffer> };

export interface TrainingEnd {
  readonly step: number;
  readonly finished: boolean;
}

export type FromTrainer =
  | {
      readonly kind: 'opened';
      readonly id: number;
      readonly facts: ModelFacts;
      readonly backend: Backend;
      readonly backendReason: string;
    }
  | { readonly kind: 'assessed'; readonly id: number; readonly assessment: Assessment }
  | { readonly kind: 'news'; readonly news: TrainingNews }
  | { readonly kind: 'ended'; readonly id: number; readonly end: TrainingEnd }
  | { readonly kind: 'error'; readonly id: number; readonly error: WireError };
