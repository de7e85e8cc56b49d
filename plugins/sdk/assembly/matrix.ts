// A matrix of float32 in the plugin's memory, row-major: a view, or with values of its own.
import { tincture_alloc, tincture_free } from './memory';
import { failMemory } from './status';

@unmanaged
export class Matrix {
  /** First value; rows lie one after another without gaps. */
  data: usize;
  rows: i32;
  columns: i32;

  /** A view of values that lie elsewhere, which must outlive it; null after `fail`. */
  static view(data: usize, rows: i32, columns: i32): Matrix | null {
    return Matrix.record(data, rows, columns, 0);
  }

  /** A matrix with values of its own, not yet written; null after `fail`. */
  static create(rows: i32, columns: i32): Matrix | null {
    return Matrix.record(0, rows, columns, (i64(rows) * i64(columns)) << 2);
  }

  private static record(data: usize, rows: i32, columns: i32, bytes: i64): Matrix | null {
    const size = bytes + 16;
    const record: usize = rows < 0 || columns < 0 || size > i64(i32.MAX_VALUE) ? 0 : tincture_alloc(i32(size));
    if (record == 0) {
      failMemory('the matrices');
      return null;
    }
    const matrix = changetype<Matrix>(record);
    matrix.data = data == 0 ? record + 16 : data;
    matrix.rows = rows;
    matrix.columns = columns;
    return matrix;
  }

  get count(): i32 {
    return this.rows * this.columns;
  }
  /** Where a row begins. */
  row(row: i32): usize {
    return this.data + ((usize(row) * usize(this.columns)) << 2);
  }
  at(row: i32, column: i32): f32 {
    return load<f32>(this.row(row) + (usize(column) << 2));
  }
  put(row: i32, column: i32, value: f32): void {
    store<f32>(this.row(row) + (usize(column) << 2), value);
  }
  /** Gives the matrix back; values that are only viewed stay. */
  free(): void {
    tincture_free(changetype<usize>(this));
  }
}
