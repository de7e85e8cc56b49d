// What the training page holds: pictures with their words, the form, what fits, the run under way, and what came of it.
import type { Assessment } from '../../training/fit.ts';
import type { TrainingKind } from '../../training/state-file.ts';
import type { Failure } from '../state/failure.ts';
import type { SetPicture } from './bring-pictures.ts';
import { LossCurve } from './loss-curve.ts';
import { PRESETS, type TrainingForm } from './training-form.ts';

/** What the kept state is of. */
export interface KeptState {
  readonly step: number;
  readonly name: string;
  readonly kind: TrainingKind;
  readonly modelName: string;
  readonly modelHash: string;
}

/** The pictures that were drawn at a step. */
export interface PreviewRow {
  readonly step: number;
  readonly files: readonly Blob[];
}

/** A training under way. */
export interface Run {
  readonly phase: 'preparing' | 'training' | 'pausing' | 'unsaved';
  /** What is being done before the first step, or why nothing goes on. */
  readonly message: string;
  readonly done?: number;
  readonly total?: number;
  readonly step: number;
  readonly lastStep: number;
  /** Of one step, a running mean; 0 before the first one. */
  readonly milliseconds: number;
}

/** Whether the training fits, as far as it was looked at. */
export type Fit =
  | { readonly phase: 'unknown' }
  | { readonly phase: 'looking' }
  | { readonly phase: 'known'; readonly assessment: Assessment; readonly onGpu: boolean };

export interface TrainingPageState {
  /** What this browser keeps has been read. */
  readonly opened: boolean;
  readonly pictures: readonly SetPicture[];
  /** Files being looked at. */
  readonly reading: { readonly done: number; readonly total: number } | undefined;
  readonly form: TrainingForm;
  /** Name of the model that was trained over last. */
  readonly model: string;
  readonly fit: Fit;
  readonly kept: KeptState | undefined;
  readonly run: Run | undefined;
  readonly losses: LossCurve;
  /** Grows with each change of the losses, which change in place. */
  readonly lossVersion: number;
  readonly previews: readonly PreviewRow[];
  /** Bytes of this page and its Workers, as the browser measured them last. */
  readonly memory: number | undefined;
  readonly failure: Failure | undefined;
  readonly notices: readonly string[];
}

export const FIRST_TRAINING: TrainingPageState = {
  opened: false,
  pictures: [],
  reading: undefined,
  form: PRESETS.style,
  model: '',
  fit: { phase: 'unknown' },
  kept: undefined,
  run: undefined,
  losses: new LossCurve(),
  lossVersion: 0,
  previews: [],
  memory: undefined,
  failure: undefined,
  notices: [],
};

export type TrainingPageAction =
  | { readonly kind: 'set'; readonly change: Partial<TrainingPageState> }
  | { readonly kind: 'form'; readonly change: Partial<TrainingForm> }
  | { readonly kind: 'add-pictures'; readonly pictures: readonly SetPicture[] }
  | { readonly kind: 'caption'; readonly id: string; readonly caption: string }
  | { readonly kind: 'remove-picture'; readonly id: string }
  | { readonly kind: 'run'; readonly change: Partial<Run> }
  | { readonly kind: 'losses' }
  | { readonly kind: 'preview'; readonly row: PreviewRow }
  | { readonly kind: 'notice'; readonly words: string }
  | { readonly kind: 'fail'; readonly failure: Failure };

/** More would hide the page. */
const MAX_NOTICES = 12;

/** The next state. Pure but for the losses, which their version tells of. */
export function reduceTraining(state: TrainingPageState, action: TrainingPageAction): TrainingPageState {
  switch (action.kind) {
    case 'set':
      return { ...state, ...action.change };
    case 'form':
      return { ...state, form: { ...state.form, ...action.change } };
    case 'add-pictures':
      return { ...state, pictures: [...state.pictures, ...action.pictures] };
    case 'caption':
      return {
        ...state,
        pictures: state.pictures.map((picture) =>
          picture.id === action.id ? { ...picture, caption: action.caption } : picture,
        ),
      };
    case 'remove-picture':
      return { ...state, pictures: state.pictures.filter(({ id }) => id !== action.id) };
    case 'run':
      // A late message of a run that was stopped must not start it again.
      return state.run === undefined ? state : { ...state, run: { ...state.run, ...action.change } };
    case 'losses':
      return { ...state, lossVersion: state.lossVersion + 1 };
    case 'preview':
      return {
        ...state,
        previews: [...state.previews.filter(({ step }) => step < action.row.step), action.row],
      };
    case 'notice':
      return { ...state, notices: [...state.notices, action.words].slice(-MAX_NOTICES) };
    case 'fail':
      return { ...state, failure: action.failure };
  }
}

/** Milliseconds that the steps to come take at the pace so far; undefined before there is one. */
export function timeLeft({ step, lastStep, milliseconds }: Run): number | undefined {
  return milliseconds === 0 ? undefined : (lastStep - step) * milliseconds;
}

/** Share that a new step's time has in the running mean. */
const PACE_SHARE = 0.1;

/** The running mean of steps' times with one more. */
export function paceWith(before: number, milliseconds: number): number {
  return before === 0 ? milliseconds : (1 - PACE_SHARE) * before + PACE_SHARE * milliseconds;
}
