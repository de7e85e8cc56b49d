// What is done by the clock: the worker's cron calls it, and the local edge now and then.
import { forgetExpired } from './auth/expired.ts';
import { collect } from './registry/collect.ts';
import type { PublishingStores } from './registry/release.ts';
import { finishTakedowns } from './registry/withdraw.ts';

/** One run. A job that fails does not keep the others from running; the first failure is thrown at the end. */
export async function runScheduled(stores: PublishingStores, now = new Date()): Promise<void> {
  const jobs: (() => Promise<unknown>)[] = [
    () => collect(stores, now),
    () => finishTakedowns(stores),
    () => forgetExpired(stores.database, now),
  ];
  const failures: unknown[] = [];
  for (const job of jobs) {
    try {
      await job();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
