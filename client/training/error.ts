// What training raises, in words.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

export type TrainingErrorCode =
  /** The rate schedule's text is wrong. */
  | 'training/rate'
  /** An option is out of range, or contradicts another. */
  | 'training/option'
  /** A picture cannot be read or used. */
  | 'training/picture'
  /** There is nothing to train on. */
  | 'training/data'
  /** The state that training should go on from does not fit. */
  | 'training/state'
  /** The device or the browser gives no more room; what was kept before stays. */
  | 'training/room'
  /** Another page of this origin trains. */
  | 'training/busy'
  /** The Worker that trains has failed. */
  | 'training/worker'
  /** The loss is not a number any more, or has grown beyond what recovers. */
  | 'training/exploded'
  /** Something outside the numbers ended it: the device, the disk, a picture that could not be drawn. */
  | 'training/stopped';

/** Every error of client/training; `code` says which kind. */
export class TrainingError extends TinctureError {
  override readonly name = 'TrainingError';
  declare readonly code: TrainingErrorCode;

  constructor(code: TrainingErrorCode, what: string, facts: ErrorFacts = {}) {
    super(code, what, facts);
  }
}
