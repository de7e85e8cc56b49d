// How strongly a style acts at one context width and on one of keys and values.

/** Factors on top of a style's strength; each is 1 where it is missing, and may be negative. */
export interface StrengthFactors {
  /** By context width. */
  readonly widths?: Readonly<Record<number, number>>;
  /** Of what the attention's keys read. */
  readonly k?: number;
  /** Of what its values read. */
  readonly v?: number;
}

/** strength · factor of the width · factor of the side: what f(x) is multiplied by in y = x + f(x) · strength. */
export function strengthAt(
  strength: number,
  factors: StrengthFactors | undefined,
  width: number,
  side: 'k' | 'v',
): number {
  if (factors === undefined) return strength;
  return strength * (factors.widths?.[width] ?? 1) * (factors[side] ?? 1);
}
