// What a metered plugin pays in: one unit of fuel is about one operator. The prices are upper bounds of work, not measured time.

/** The exported mutable i64 global that a metered module counts down. The host sets it before each call. */
export const FUEL_EXPORT = 'tincture_fuel';

/**
 * Fuel that stands for one millisecond where a host's limits are in milliseconds. Optimised loops of ordinary operators run
 * at several operators a nanosecond, so that a budget of fuel ends well before the time that it stands for.
 */
export const FUEL_PER_MS = 500_000;

/** What each charge costs by itself, at every function's entry and every trip of a loop: it takes operators too. */
export const CHARGE_COST = 4;
/** Every operator, and every local that a call must clear. */
export const OPERATOR_COST = 1;
/** Divisions, remainders and square roots keep the unit busy for many cycles; an indirect call checks its target. */
export const SLOW_OPERATOR_COST = 8;
/** Bulk memory leaves the compiled code: a constant, and 1 for each 8 bytes. */
export const BULK_COST = 32;
export const BULK_BYTES_SHIFT = 3;
/** Growing remakes the memory's bounds, whether or not it succeeds; each new page of 64 KiB is cleared. */
export const GROW_COST = 4096;
export const GROWN_PAGE_COST = 65_536 >> BULK_BYTES_SHIFT;
