// What of the runtime's is alive in this thread, counted: a leak is a count that grows.

/** Each thing made and not yet freed. */
export interface Live {
  readonly sessions: number;
  /** Values on the device, those of our own arithmetic and those that sessions keep there. */
  readonly deviceValues: number;
}

const counts = { sessions: 0, deviceValues: 0 };

/** The counts now. */
export function live(): Live {
  return { ...counts };
}

/** One more of a kind. */
export function born(kind: keyof Live): void {
  counts[kind]++;
}

/** One less. */
export function freed(kind: keyof Live): void {
  counts[kind]--;
}
