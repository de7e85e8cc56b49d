// How strong a style of a request is: overall, by width, by keys and values, and over the steps; checked, each in its range.
import { type StrengthFactors, strengthAt } from '../hypernetwork/strength.ts';
import type { ContextPair } from '../plugin-host/host.ts';
import type { StrengthPoint, StyleUse } from './engine.ts';
import { EngineError } from './errors.ts';
import { REQUEST_LIMITS, strengthOf } from './request.ts';

/** What a request says of one style's strength. */
export interface StyleStrength {
  readonly strength: number;
  readonly factors: StrengthFactors;
  /** Empty: the same at all steps. */
  readonly overSteps: readonly StrengthPoint[];
}

/** Throws `engine/request` naming the style, the number, its range and what was given. */
export function strengthsOf(name: string, use: StyleUse): StyleStrength {
  const { strengths: factors = {}, overSteps = [] } = use;
  const { factor, factorWidths, strengthPoints, share } = REQUEST_LIMITS;
  for (const side of ['k', 'v'] as const) check(`factor ${side} of ${name}`, factors[side] ?? 1, factor);
  const widths = Object.entries(factors.widths ?? {});
  atMost(`widths of ${name}`, widths.length, factorWidths);
  for (const [width, value] of widths) {
    if (!/^[1-9]\d{0,5}$/.test(width))
      throw refused(`width of ${name}`, 'a context width', width.slice(0, 64));
    check(`factor for width ${width} of ${name}`, value, factor);
  }
  atMost(`points over the steps of ${name}`, overSteps.length, strengthPoints);
  let before: number = share.minimum;
  for (const [i, point] of overSteps.entries()) {
    const which = `point ${i + 1} over the steps of ${name}`;
    check(`${which}, at`, point.at, { minimum: before, maximum: share.maximum });
    check(`${which}, factor`, point.factor, factor);
    before = point.at;
  }
  return { strength: strengthOf(name, use.strength), factors, overSteps };
}

/**
 * The curve's value at each of the steps; undefined without points. Step i of n, from 0, is at share i / n, as in prompt editing.
 * Between two points the value is linear; before the first and after the last it is theirs; of points at one share the last counts
 * from that share on.
 */
export function curveOverSteps(points: readonly StrengthPoint[], steps: number): number[] | undefined {
  if (points.length === 0) return undefined;
  return Array.from({ length: steps }, (_, step) => valueAt(points, step / steps));
}

/**
 * Bends keys and values each at its own strength; `bend` gives the pair itself where the style leaves it alone. A plugin need not be
 * linear in its strength, so two strengths are two calls, and strength 0 is none.
 */
export async function bendSides(
  pair: ContextPair,
  { strength, factors }: Pick<StyleStrength, 'strength' | 'factors'>,
  bend: (strength: number) => Promise<ContextPair>,
): Promise<ContextPair> {
  const [k, v] = sidesAt(strength, factors, pair.width);
  if (k === v) return k === 0 ? pair : bend(k);
  const keys = k === 0 ? pair : await bend(k);
  const values = v === 0 ? pair : await bend(v);
  return keys === pair && values === pair ? pair : { ...pair, k: keys.k, v: values.v };
}

/** Whether a style adds nothing to keys and values of this width. */
export function isSilentAt(
  { strength, factors }: Pick<StyleStrength, 'strength' | 'factors'>,
  width: number,
): boolean {
  return sidesAt(strength, factors, width).every((side) => side === 0);
}

function sidesAt(strength: number, factors: StrengthFactors, width: number): readonly [k: number, v: number] {
  return [strengthAt(strength, factors, width, 'k'), strengthAt(strength, factors, width, 'v')];
}

function valueAt(points: readonly StrengthPoint[], share: number): number {
  const next = points.findIndex(({ at }) => at > share);
  if (next === 0) return points[0]!.factor;
  const from = points.at(next === -1 ? -1 : next - 1)!;
  if (next === -1) return from.factor;
  const to = points[next]!;
  return from.factor + ((to.factor - from.factor) * (share - from.at)) / (to.at - from.at);
}

function check(
  what: string,
  value: number,
  { minimum, maximum }: { minimum: number; maximum: number },
): void {
  if (typeof value === 'number' && value >= minimum && value <= maximum) return;
  throw refused(what, `${minimum} … ${maximum}`, String(value).slice(0, 64));
}

function atMost(what: string, count: number, limit: number): void {
  if (count > limit) throw refused(what, `at most ${limit}`, String(count));
}

function refused(what: string, expected: string, found: string): EngineError {
  return new EngineError('engine/request', `the ${what} cannot be used`, { expected, found });
}
