// Watches the loss: a number that is none, or one that has grown far beyond what it was, ends the training.

/**
 * Share that a new loss has in the running mean of the losses' logarithms: about 50 steps count. Of one picture at a
 * random timestep the loss is now a hundredth and now ten times the usual one, which a mean of few losses follows.
 */
const NEW_SHARE = 0.02;
/** Steps before growth is judged. */
const SETTLING_STEPS = 50;
/** Geometric mean beside the lowest so far. Batches of one picture stayed below 3 in 20,000 steps of redrawn losses. */
const EXPLOSION = 5;
/** A perfect prediction has no logarithm. */
const LEAST = 1e-12;

/** The losses' running geometric mean, corrected for its start as Adam's moments are, and its lowest value. */
export class LossWatch {
  #sum = 0;
  #weight = 0;
  #lowest = Number.POSITIVE_INFINITY;
  #seen = 0;

  /** Takes a loss; words for what is wrong with it, undefined when nothing is. */
  take(loss: number): string | undefined {
    if (!Number.isFinite(loss)) return `the loss is ${loss}`;
    this.#seen++;
    this.#sum += NEW_SHARE * (Math.log(Math.max(loss, LEAST)) - this.#sum);
    this.#weight += NEW_SHARE * (1 - this.#weight);
    if (this.#seen < SETTLING_STEPS) return undefined;
    const mean = Math.exp(this.#sum / this.#weight);
    this.#lowest = Math.min(this.#lowest, mean);
    if (mean <= EXPLOSION * this.#lowest) return undefined;
    return `the mean loss has grown from ${this.#lowest.toPrecision(3)} to ${mean.toPrecision(3)}`;
  }
}
