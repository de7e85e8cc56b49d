// How long each stage of a picture took.
import type { Stage } from './engine.ts';

/** Milliseconds by stage; a stage that comes again adds to its time. */
export class StageClock {
  readonly milliseconds: Partial<Record<Stage, number>> = {};

  async time<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.milliseconds[stage] = (this.milliseconds[stage] ?? 0) + performance.now() - start;
    }
  }
}
