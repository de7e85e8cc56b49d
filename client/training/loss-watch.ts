// Watches the loss: a number that is none, or one that has grown far beyond what it was, ends the training.

/** Share that a new loss has in the running mean. */
const NEW_SHARE = 0.1;
/** Steps before growth is judged: single losses differ by their timesteps. */
const SETTLING_STEPS = 20;
/** Running mean beside the lowest so far. Ordinary noise of batches stays below 3. */
const EXPLOSION = 5;

/** The state is a running mean and its lowest value, so that it can be saved. */
export class LossWatch {
  mean: number | undefined;
  lowest = Number.POSITIVE_INFINITY;
  seen = 0;

  /** Takes a loss; words for what is wrong with it, undefined when nothing is. */
  take(loss: number): string | undefined {
    if (!Number.isFinite(loss)) return `the loss is ${loss}`;
    this.seen++;
    this.mean = this.mean === undefined ? loss : (1 - NEW_SHARE) * this.mean + NEW_SHARE * loss;
    if (this.seen < SETTLING_STEPS) return undefined;
    this.lowest = Math.min(this.lowest, this.mean);
    if (this.mean <= EXPLOSION * this.lowest) return undefined;
    return `the mean loss has grown from ${this.lowest.toPrecision(3)} to ${this.mean.toPrecision(3)}`;
  }
}
