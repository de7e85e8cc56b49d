// The prompt's own context, before any style has bent it.
import { failure, OK } from './status';
import { Matrix } from './matrix';

let kept: Matrix | null = null;

/** Keeps a copy of the context [rows, width] that `tincture_context` is shown, in place of the last one. */
export function keepContext(width: i32, rows: i32, context: usize): i32 {
  const before = kept;
  if (before != null) before.free();
  const copy = Matrix.create(rows, width);
  kept = copy;
  if (copy == null) return failure();
  memory.copy(copy.data, context, (usize(rows) * usize(width)) << 2);
  return OK;
}

/** The context that was kept, or null before the first. */
export function promptContext(): Matrix | null {
  return kept;
}

/** Keeps the prompt's context. Re-export it to read `promptContext` later. */
export function tincture_context(width: i32, rows: i32, context: usize): i32 {
  return keepContext(width, rows, context);
}
