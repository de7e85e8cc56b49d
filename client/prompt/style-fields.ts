// What a picture's text block tells of its styles beside their tags, as JSON: parameters, and strengths by width, side and step.
import type { StrengthFactors } from '../hypernetwork/strength.ts';

/** What a style's parameters were set to. */
export interface StyleParameters {
  readonly style: string;
  readonly parameters: Readonly<Record<string, number>>;
}

/** What multiplied a style's strength. */
export interface StyleStrengths {
  readonly style: string;
  readonly strengths?: StrengthFactors;
  /** Points of the curve over the steps. */
  readonly overSteps?: readonly { readonly at: number; readonly factor: number }[];
}

export interface StyleField<T> {
  write(value: readonly T[]): string;
  /** Undefined when the text is no such value. */
  read(text: string): readonly T[] | undefined;
}

/** `[["fade",{"curve":0.5}]]` */
export const styleParameters: StyleField<StyleParameters> = {
  write: (value) => JSON.stringify(value.map(({ style, parameters }) => [style, parameters])),
  read: (text) =>
    readEntries(text, (style, parameters) => (isNumbers(parameters) ? { style, parameters } : undefined)),
};

/** `[["ink",{"k":0,"v":1.5,"widths":{"320":0.7},"steps":[[0,1],[0.5,0]]}]]`, a point being its share and factor. */
export const styleStrengths: StyleField<StyleStrengths> = {
  write: (value) =>
    JSON.stringify(
      value.map(({ style, strengths, overSteps }) => [
        style,
        { ...strengths, ...(overSteps && { steps: overSteps.map(({ at, factor }) => [at, factor]) }) },
      ]),
    ),
  read: (text) => readEntries(text, readStrengths),
};

function readStrengths(style: string, entry: unknown): StyleStrengths | undefined {
  if (!isRecord(entry)) return undefined;
  const { k, v, widths, steps, ...others } = entry;
  const factors = [k, v].every((factor) => factor === undefined || typeof factor === 'number');
  if (!factors || Object.keys(others).length > 0) return undefined;
  if (widths !== undefined && !(isNumbers(widths) && Object.keys(widths).every((key) => /^\d+$/.test(key)))) {
    return undefined;
  }
  const points = steps === undefined ? undefined : readPoints(steps);
  if (steps !== undefined && points === undefined) return undefined;
  const strengths: StrengthFactors = {
    ...(typeof k === 'number' && { k }),
    ...(typeof v === 'number' && { v }),
    ...(widths !== undefined && { widths }),
  };
  return {
    style,
    ...(Object.keys(strengths).length > 0 && { strengths }),
    ...(points !== undefined && { overSteps: points }),
  };
}

function readPoints(steps: unknown): NonNullable<StyleStrengths['overSteps']> | undefined {
  if (!Array.isArray(steps)) return undefined;
  const points = steps.flatMap((point: unknown) => {
    if (!Array.isArray(point) || point.length !== 2) return [];
    const [at, factor] = point as [unknown, unknown];
    return typeof at === 'number' && typeof factor === 'number' ? [{ at, factor }] : [];
  });
  return points.length === steps.length ? points : undefined;
}

/** Reads `[[style, value], …]`; undefined where one entry is none. */
function readEntries<T>(
  text: string,
  read: (style: string, value: unknown) => T | undefined,
): readonly T[] | undefined {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(entries)) return undefined;
  const found = entries.map((entry: unknown): T | undefined => {
    if (!Array.isArray(entry) || entry.length !== 2) return undefined;
    const [style, value] = entry as [unknown, unknown];
    return typeof style === 'string' ? read(style, value) : undefined;
  });
  return found.every((entry) => entry !== undefined) ? found : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): value is Record<string, number> {
  return isRecord(value) && Object.values(value).every((number) => typeof number === 'number');
}
