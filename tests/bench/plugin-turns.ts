// Several programs measured in turns, so that a slow phase of the machine strikes all of them.
import { median } from './engine-report.ts';

/** Engines compile what is hot anew while it runs: each program runs this long, and this often, before it counts. */
const WARM_MS = 400;
const WARM_RUNS = 6;
/** Turns that a busy machine makes too slow end early, but not before these many. */
const TURNS_MS = 10_000;
const LEAST_TURNS = 8;
/** A pause before each run: a thread that waited gets a whole slice of the processor at once. */
const PAUSE_MS = 3;

/** Milliseconds of each turn, by program. */
export type Times<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/** Runs each program once a turn, at most so many turns, every other one in the opposite order. */
export async function inTurns<Name extends string>(
  turns: number,
  programs: Readonly<Record<Name, () => unknown>>,
): Promise<Times<Name>> {
  const names = Object.keys(programs) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (const name of names) {
    const start = performance.now();
    for (let run = 0; run < WARM_RUNS || performance.now() - start < WARM_MS; run++) await programs[name]();
  }
  const start = performance.now();
  for (let turn = 0; turn < turns; turn++) {
    if (turn >= LEAST_TURNS && performance.now() - start > TURNS_MS) break;
    for (const name of turn % 2 === 0 ? names : [...names].reverse()) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      const start = performance.now();
      await programs[name]();
      times[name].push(performance.now() - start);
    }
  }
  return times;
}

/** How many times as long ours takes: the median over the turns of each turn's ratio. */
export function pairedRatio(ours: readonly number[], peer: readonly number[]): number {
  return median(ours.map((time, turn) => time / peer[turn]!));
}

/** The same of the fastest runs, which other programs disturbed least. */
export function bestRatio(ours: readonly number[], peer: readonly number[]): number {
  return Math.min(...ours) / Math.min(...peer);
}
