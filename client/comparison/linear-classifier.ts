// Logistic regression on a few numbers: the least that can tell two kinds of pictures apart.

/** Weighs the squares of the weights, so that kinds that are apart do not ask for infinite ones. */
const RIDGE = 1e-2;
const ROUNDS = 50;
/** A number that is the same in all examples counts as one with this deviation. */
const LEAST_DEVIATION = 1e-3;

/** Whether some numbers are of the second kind. */
export type Classifier = (numbers: readonly number[]) => boolean;

export interface FittedClassifier {
  readonly isSecond: Classifier;
  /** Share of the examples that it tells right. */
  readonly accuracy: number;
}

/**
 * Fits by Newton's method on standardised numbers, both kinds counting the same whatever their numbers of examples. Both
 * must have some.
 */
export function fitClassifier(
  first: readonly (readonly number[])[],
  second: readonly (readonly number[])[],
): FittedClassifier {
  const all = [...first, ...second];
  const length = all[0]!.length;
  const means = columns(all, length).map(mean);
  const spreads = columns(all, length).map(
    (column, c) => Math.sqrt(mean(column.map((value) => (value - means[c]!) ** 2))) + LEAST_DEVIATION,
  );
  const rowOf = (numbers: readonly number[]): number[] => [
    1,
    ...numbers.map((value, c) => (value - means[c]!) / spreads[c]!),
  ];
  const rows = all.map(rowOf);
  const labels = all.map((_, i) => (i < first.length ? 0 : 1));
  const shares = labels.map((label) => 0.5 / (label === 0 ? first.length : second.length));
  let weights = new Array<number>(length + 1).fill(0);
  for (let round = 0; round < ROUNDS; round++) {
    const gradient = weights.map((weight, i) => (i === 0 ? 0 : RIDGE * weight));
    const hessian = weights.map((_, i) => weights.map((_, j) => (i === j ? (i === 0 ? 1e-9 : RIDGE) : 0)));
    for (const [n, row] of rows.entries()) {
      const chance = 1 / (1 + Math.exp(-dot(weights, row)));
      const slope = shares[n]! * Math.max(chance * (1 - chance), 1e-9);
      for (let i = 0; i <= length; i++) {
        gradient[i]! += shares[n]! * (chance - labels[n]!) * row[i]!;
        for (let j = 0; j <= length; j++) hessian[i]![j]! += slope * row[i]! * row[j]!;
      }
    }
    const step = solve(hessian, gradient);
    weights = weights.map((weight, i) => weight - step[i]!);
    if (Math.hypot(...step) < 1e-9) break;
  }
  const isSecond: Classifier = (numbers) => dot(weights, rowOf(numbers)) > 0;
  const right = all.filter((numbers, i) => isSecond(numbers) === (labels[i] === 1)).length;
  return { isSecond, accuracy: right / all.length };
}

/** Gauss's elimination with pivots, for a matrix that has an inverse. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = rows[row]![column]! / rows[column]![column]!;
      for (let i = column; i <= size; i++) rows[row]![i]! -= factor * rows[column]![i]!;
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}

function columns(rows: readonly (readonly number[])[], length: number): number[][] {
  return Array.from({ length }, (_, c) => rows.map((row) => row[c]!));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
