// Filters that pictures are scaled with, and what each place of a result is mixed from.

/** Weight at a distance from the centre, in places of the source, or of the result where that is the coarser; 0 beyond `support`. */
export interface Filter {
  readonly support: number;
  readonly weight: (distance: number) => number;
}

/** Linear interpolation. */
export const TRIANGLE: Filter = { support: 1, weight: (distance) => 1 - Math.abs(distance) };

/** Keys 1981 with a = −½, as Pillow's bicubic. */
export const CUBIC: Filter = {
  support: 2,
  weight: (distance) => {
    const d = Math.abs(distance);
    return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : ((-0.5 * d + 2.5) * d - 4) * d + 2;
  },
};

/** The sine of πd over πd, windowed by another three times as wide. */
export const LANCZOS: Filter = { support: 3, weight: (distance) => sinc(distance) * sinc(distance / 3) };

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Neighbouring places of the source, from `first` on, whose shares add up to 1. */
export interface Mix {
  readonly first: number;
  readonly shares: readonly number[];
}

/** The places of a source that are scaled: `count` places of the result, `scale` of the source wide, from `offset` on. */
export interface Span {
  readonly count: number;
  readonly scale: number;
  readonly offset: number;
  /** Of the whole source. */
  readonly length: number;
}

/** For each place of the result, what it is mixed from; downwards the filter is as wide as the places that fall into one. */
export function mixes({ count, scale, offset, length }: Span, { support, weight }: Filter): Mix[] {
  const stretch = Math.max(scale, 1);
  const reach = support * stretch;
  return Array.from({ length: count }, (_, i) => {
    const centre = offset + (i + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.floor(centre - reach) + 1);
    const end = Math.min(length, Math.ceil(centre + reach));
    const weights = Array.from({ length: end - first }, (_, k) => weight((first + k - centre) / stretch));
    const whole = weights.reduce((sum, value) => sum + value, 0);
    return { first, shares: weights.map((value) => value / whole) };
  });
}
