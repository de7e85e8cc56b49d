// Who may use the device, and who may train: locks that all pages and Workers of this origin share.
import { TrainingError } from './error.ts';

/** Held by the one who trains, as long as it trains. */
export const TRAINING_LOCK = 'tincture-training';
/** Held alone for a step of training, shared while pictures are drawn. */
export const DEVICE_LOCK = 'tincture-device';

/** Runs the only training of this origin: others would write over what it keeps, and share its memory. Throws `training/busy`. */
export function trainAlone<Result>(work: () => Promise<Result>): Promise<Result> {
  return navigator.locks.request(TRAINING_LOCK, { ifAvailable: true }, async (lock) => {
    if (lock !== null) return work();
    throw new TrainingError('training/busy', 'another page of this browser trains', {
      fix: 'Pause or cancel it there, or wait until it has ended.',
    });
  });
}

/** The device alone for one step; pictures are drawn between steps. */
export function deviceTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  return navigator.locks.request(DEVICE_LOCK, work);
}
