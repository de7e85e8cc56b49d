// Factors on a style's strength: for keys and values, for widths, and points of a curve over the steps.
import type { StrengthFactors, StrengthPoint } from '../../index.ts';
import type { StyleInUse } from './styles.ts';

/** As far as the engine takes them. */
export const FACTOR = { minimum: -10, maximum: 10, step: 0.05, points: 32, widths: 16 } as const;

/** What a factor is of: keys, values, or a context width. */
export type FactorOf = 'k' | 'v' | number;

/** Curves that most people want, by what they are called. */
export const CURVES: readonly { readonly name: string; readonly points: readonly StrengthPoint[] }[] = [
  { name: 'Even', points: [] },
  { name: 'Fade out', points: [{ at: 0, factor: 1 }, { at: 1, factor: 0 }] },
  { name: 'Fade in', points: [{ at: 0, factor: 0 }, { at: 1, factor: 1 }] },
  { name: 'First half', points: [{ at: 0.5, factor: 1 }, { at: 0.5, factor: 0 }] },
]; // biome-ignore format: a table

/** Sets one factor of a style in use; one that is back at 1 is no longer listed. */
export function withFactor(
  inUse: readonly StyleInUse[],
  id: string,
  of: FactorOf,
  value: number,
): readonly StyleInUse[] {
  if (!Number.isFinite(value)) return inUse;
  const factor = held(value, FACTOR.minimum, FACTOR.maximum);
  return inUse.map((style) => {
    if (style.id !== id) return style;
    const { strengths: before = {}, ...rest } = style;
    const strengths = changed(before, of, factor);
    return Object.keys(strengths).length === 0 ? rest : { ...rest, strengths };
  });
}

/** The factor that stands, 1 where none is listed. */
export function factorOf(strengths: StrengthFactors | undefined, of: FactorOf): number {
  return (typeof of === 'number' ? strengths?.widths?.[of] : strengths?.[of]) ?? 1;
}

function changed(before: StrengthFactors, of: FactorOf, factor: number): StrengthFactors {
  if (typeof of !== 'number') {
    const { [of]: _, ...others } = before;
    return factor === 1 ? others : { ...others, [of]: factor };
  }
  const { widths: known = {}, ...others } = before;
  const { [of]: _, ...rest } = known;
  const widths = factor === 1 ? rest : { ...rest, [of]: factor };
  return Object.keys(widths).length === 0 ? others : { ...others, widths };
}

/** Sets the curve of a style in use; without points it has none. */
export function withCurve(
  inUse: readonly StyleInUse[],
  id: string,
  points: readonly StrengthPoint[],
): readonly StyleInUse[] {
  return inUse.map((style) => {
    if (style.id !== id) return style;
    const { overSteps: _, ...rest } = style;
    const overSteps = points
      .slice(0, FACTOR.points)
      .map(sound)
      .toSorted((a, b) => a.at - b.at);
    return overSteps.length === 0 ? rest : { ...rest, overSteps };
  });
}

/** The points with one more, in their order; as they are where there are enough. */
export function withPoint(points: readonly StrengthPoint[], point: StrengthPoint): readonly StrengthPoint[] {
  if (points.length >= FACTOR.points) return points;
  const after = points.findIndex(({ at }) => at > point.at);
  return points.toSpliced(after === -1 ? points.length : after, 0, rounded(sound(point)));
}

/** The points with one moved, as far as its neighbours let it. */
export function movedPoint(
  points: readonly StrengthPoint[],
  index: number,
  { at, factor }: StrengthPoint,
): readonly StrengthPoint[] {
  const place = held(at, points[index - 1]?.at ?? 0, points[index + 1]?.at ?? 1);
  return points.with(index, rounded(sound({ at: place, factor })));
}

/** What the command line writes behind a style's strength: `:k=0:320=0.5:steps=1@0/0@0.6`. */
export function strengthWords({
  strengths = {},
  overSteps = [],
}: Pick<StyleInUse, 'strengths' | 'overSteps'>): string {
  const { widths = {}, ...sides } = strengths;
  const factors = [...Object.entries(sides), ...Object.entries(widths)].map(
    ([of, factor]) => `:${of}=${factor}`,
  );
  const steps = overSteps.map(({ at, factor }) => `${factor}@${at}`).join('/');
  return `${factors.join('')}${steps === '' ? '' : `:steps=${steps}`}`;
}

function sound({ at, factor }: StrengthPoint): StrengthPoint {
  return { at: held(at, 0, 1), factor: held(factor, FACTOR.minimum, FACTOR.maximum) };
}

/** No finer than a hand sets it. */
function rounded({ at, factor }: StrengthPoint): StrengthPoint {
  return { at: Math.round(at * 1000) / 1000, factor: Math.round(factor * 1000) / 1000 };
}

function held(value: number, minimum: number, maximum: number): number {
  return Math.min(maximum, Math.max(minimum, value));
}
