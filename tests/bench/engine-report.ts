// What the engine's benchmarks share: statistics that a busy machine disturbs little, and a report as table or JSON.
import type { Moment } from './engine-model.ts';

/** One measured claim: `value` must stay at or below `limit`, or with `atLeast` at or above it. */
export interface Claim {
  readonly claim: string;
  readonly value: number;
  readonly limit: number;
  readonly atLeast?: boolean;
  /** Unit of both: `×` for ratios, `ms`, `%`. */
  readonly unit: string;
}

export type Row = Readonly<Record<string, string | number>>;

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * How much more processor time `ours` takes than `peer`, both measured in turns: the median over turns of the ratio of
 * each turn's medians, so that a slow phase of the machine strikes both sides of a ratio.
 */
export function pairedRatio(
  ours: readonly (readonly Moment[])[],
  peer: readonly (readonly Moment[])[],
): number {
  const middle = (turn: readonly Moment[]) => median(turn.map(({ processor }) => processor));
  return median(ours.map((turn, i) => middle(turn) / middle(peer[i]!)));
}

/** Prints rows as a table and claims with their verdicts; with `--json` one JSON object instead. Sets the exit code. */
export function report(title: string, rows: readonly Row[], claims: readonly Claim[]): void {
  const judged = claims.map((claim) => ({
    ...claim,
    met: claim.atLeast ? claim.value >= claim.limit : claim.value <= claim.limit,
  }));
  if (judged.some(({ met }) => !met)) process.exitCode = 1;
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ title, rows, claims: judged })}\n`);
    return;
  }
  process.stdout.write(`${title}\n\n${table(rows)}\n`);
  for (const { claim, value, limit, atLeast, unit, met } of judged) {
    process.stdout.write(
      `${met ? 'met   ' : 'MISSED'} ${claim}: ${round(value)}${unit} (${atLeast ? 'at least' : 'at most'} ${round(limit)}${unit})\n`,
    );
  }
}

function table(rows: readonly Row[]): string {
  const names = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => names.map((name) => text(row[name])));
  const widths = names.map((name, i) => Math.max(name.length, ...cells.map((line) => line[i]!.length)));
  const line = (values: readonly string[]) =>
    values.map((value, i) => (i === 0 ? value.padEnd(widths[i]!) : value.padStart(widths[i]!))).join('  ');
  return [line(names), ...cells.map(line)].map((each) => `${each.trimEnd()}\n`).join('');
}

function text(value: string | number | undefined): string {
  return typeof value === 'number' ? round(value) : (value ?? '');
}

function round(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(4);
}
