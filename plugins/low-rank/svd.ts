// The singular value decomposition by one-sided Jacobi rotations: accurate for every singular value, and short.

/** weight = u · diag(values) · vᵀ; the vectors are columns, the values fall. */
export interface Decomposition {
  /** [k][rows], orthonormal. */
  readonly u: readonly Float64Array[];
  readonly values: readonly number[];
  /** [k][columns], orthonormal. */
  readonly v: readonly Float64Array[];
}

/** Two columns count as orthogonal when the cosine between them is below this. */
const ORTHOGONAL = 1e-10;
const MAX_SWEEPS = 60;

/**
 * Decomposes a matrix [rows, columns], row-major, with k = min(rows, columns). Rotates pairs of columns until all are orthogonal
 * (Hestenes 1958; Golub and Van Loan, Matrix Computations, 8.6.3); their lengths are then the singular values.
 */
export function decompose(data: ArrayLike<number>, rows: number, columns: number): Decomposition {
  if (rows < columns) {
    const { u, values, v } = decompose(transposed(data, rows, columns), columns, rows);
    return { u: v, values, v: u };
  }
  const work = Array.from({ length: columns }, (_, c) =>
    Float64Array.from({ length: rows }, (_, r) => data[r * columns + c]!),
  );
  const turns = Array.from({ length: columns }, (_, c) =>
    Float64Array.from({ length: columns }, (_, r) => (r === c ? 1 : 0)),
  );
  for (let sweep = 0; sweep < MAX_SWEEPS && turnAll(work, turns); sweep++);

  const order = work
    .map((column, index) => ({ index, length: Math.hypot(...column) }))
    .sort((a, b) => b.length - a.length);
  return {
    values: order.map(({ length }) => length),
    u: order.map(({ index, length }) => work[index]!.map((value) => (length === 0 ? 0 : value / length))),
    v: order.map(({ index }) => turns[index]!),
  };
}

/** One sweep over all pairs; whether any pair was turned. */
function turnAll(work: readonly Float64Array[], turns: readonly Float64Array[]): boolean {
  let turned = false;
  for (let p = 0; p < work.length - 1; p++) {
    for (let q = p + 1; q < work.length; q++) {
      const a = work[p]!;
      const b = work[q]!;
      let aa = 0;
      let bb = 0;
      let ab = 0;
      for (let i = 0; i < a.length; i++) {
        aa += a[i]! * a[i]!;
        bb += b[i]! * b[i]!;
        ab += a[i]! * b[i]!;
      }
      if (Math.abs(ab) <= ORTHOGONAL * Math.sqrt(aa * bb)) continue;
      turned = true;
      const zeta = (bb - aa) / (2 * ab);
      const tangent = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
      const cosine = 1 / Math.hypot(1, tangent);
      turn(a, b, cosine, cosine * tangent);
      turn(turns[p]!, turns[q]!, cosine, cosine * tangent);
    }
  }
  return turned;
}

function turn(a: Float64Array, b: Float64Array, cosine: number, sine: number): void {
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    const y = b[i]!;
    a[i] = cosine * x - sine * y;
    b[i] = sine * x + cosine * y;
  }
}

function transposed(data: ArrayLike<number>, rows: number, columns: number): Float64Array {
  return Float64Array.from(
    { length: rows * columns },
    (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!,
  );
}
