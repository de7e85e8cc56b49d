// The styles that can be used, and those in use, in the order in which they bend the context.
import type { StrengthFactors, StrengthPoint } from '../../index.ts';

/** A blob of the registry. */
export interface BlobRef {
  readonly sha256: string;
  readonly size: number;
  readonly url: string;
}

/** A number that a style's plugin takes, besides its strength. */
export interface StyleParameter {
  readonly name: string;
  readonly title?: string | undefined;
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** A style that is at hand: in the registry, or in a file that was dropped. */
export interface ShelfStyle {
  /** Unique here: `registry:NAME` or `file:NAME`. */
  readonly id: string;
  /** As a prompt's tag names it. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly origin: 'registry' | 'file';
  /** The file itself, for one that was dropped: it is never uploaded. */
  readonly file?: Blob;
  /** A picture drawn with it: the registry's, or the file's own. */
  readonly preview?: BlobRef | Blob;
  readonly triggerWords: readonly string[];
  /** Widths that it has layers for, where known. */
  readonly widths?: readonly number[];
  readonly strength: { readonly min: number; readonly max: number; readonly initial: number };
  /** What else its plugin takes, where it takes anything. */
  readonly parameters?: readonly StyleParameter[];
}

export interface StyleInUse {
  readonly id: string;
  readonly strength: number;
  /** Parameters that do not stand at their default, by name. */
  readonly parameters?: Readonly<Record<string, number>>;
  /** Factors that do not stand at 1, and the curve over the steps where there is one. */
  readonly strengths?: StrengthFactors;
  readonly overSteps?: readonly StrengthPoint[];
}

export const STRENGTH = { min: -1, max: 2, initial: 1 } as const;

/** Puts a style at the end of those in use, once. */
export function take(inUse: readonly StyleInUse[], style: ShelfStyle): readonly StyleInUse[] {
  if (inUse.some(({ id }) => id === style.id)) return inUse;
  return [...inUse, { id: style.id, strength: style.strength.initial }];
}

export function putBack(inUse: readonly StyleInUse[], id: string): readonly StyleInUse[] {
  return inUse.filter((style) => style.id !== id);
}

export function strengthen(
  inUse: readonly StyleInUse[],
  id: string,
  strength: number,
): readonly StyleInUse[] {
  if (!Number.isFinite(strength)) return inUse;
  return inUse.map((style) => (style.id === id ? { ...style, strength } : style));
}

/** Sets a parameter of a style in use, held inside its range; one that is back at its default is no longer listed. */
export function adjust(
  inUse: readonly StyleInUse[],
  { id, parameters }: Pick<ShelfStyle, 'id' | 'parameters'>,
  name: string,
  value: number,
): readonly StyleInUse[] {
  const parameter = parameters?.find((entry) => entry.name === name);
  if (parameter === undefined || !Number.isFinite(value)) return inUse;
  return inUse.map((style) => {
    if (style.id !== id) return style;
    const { parameters: before, ...rest } = style;
    const now = withParameter(before ?? {}, parameter, value);
    return Object.keys(now).length === 0 ? rest : { ...rest, parameters: now };
  });
}

/** Values that differ from their defaults, with one more, held inside its range. */
export function withParameter(
  values: Readonly<Record<string, number>>,
  parameter: StyleParameter,
  value: number,
): Readonly<Record<string, number>> {
  const held = Math.min(parameter.maximum, Math.max(parameter.minimum, value));
  const { [parameter.name]: _, ...others } = values;
  return held === parameter.default ? others : { ...others, [parameter.name]: held };
}

/** A step for a slider over a parameter's range: a round number, about a hundred of them. */
export function stepOf({ minimum, maximum }: Pick<StyleParameter, 'minimum' | 'maximum'>): number {
  const rough = (maximum - minimum) / 100;
  if (!(rough > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * 0.999) ?? power;
}

/** Moves a style to the place `to` (0 is first); places past the ends mean the ends. */
export function move(inUse: readonly StyleInUse[], id: string, to: number): readonly StyleInUse[] {
  const from = inUse.findIndex((style) => style.id === id);
  const place = Math.max(0, Math.min(inUse.length - 1, to));
  if (from < 0 || from === place) return inUse;
  const others = inUse.filter((style) => style.id !== id);
  return [...others.slice(0, place), inUse[from]!, ...others.slice(place)];
}

/** The shelf with new entries; one of the same id is replaced in its place. */
export function shelve(shelf: readonly ShelfStyle[], arrivals: readonly ShelfStyle[]): readonly ShelfStyle[] {
  const byId = new Map(shelf.map((style) => [style.id, style]));
  for (const style of arrivals) byId.set(style.id, style);
  return [...byId.values()];
}

/** The style that a tag's name means: a dropped file before the registry's, for the user just brought it. */
export function styleNamed(shelf: readonly ShelfStyle[], name: string): ShelfStyle | undefined {
  const wanted = name.toLowerCase();
  const named = shelf.filter((style) => style.name.toLowerCase() === wanted);
  return named.find(({ origin }) => origin === 'file') ?? named[0];
}

/** One of six engraver's hatchings (horizontal, vertical …), always the same for a name. */
export function hatchOf(name: string): number {
  let hash = 2166136261;
  for (const character of name) hash = Math.imul(hash ^ character.codePointAt(0)!, 16777619);
  return (hash >>> 0) % 6;
}

/** A strength as people read it: at most two digits after the point, a true minus sign. */
export function strengthText(strength: number): string {
  return String(Math.round(strength * 100) / 100).replace('-', '−');
}

interface ModelWidths {
  readonly contextWidth: number;
  readonly selfAttentionWidths: readonly number[];
}

/** The widths of a model that a style has layers for; all of them where the style does not say. */
export function widthsBent(
  { widths }: Pick<ShelfStyle, 'widths'>,
  { contextWidth, selfAttentionWidths }: ModelWidths,
): readonly number[] {
  const model = [...new Set([contextWidth, ...selfAttentionWidths])];
  return widths === undefined ? model : model.filter((width) => widths.includes(width));
}

/** Whether a style has no layer for any of a model's widths, as far as its widths are known. */
export function isIdle(style: Pick<ShelfStyle, 'widths'>, model: ModelWidths): boolean {
  return widthsBent(style, model).length === 0;
}
