// The axes of a grid of pictures: how they are written, and the request of each cell.
import type { GenerateRequest, StyleUse } from '../engine/engine.ts';
import { REQUEST_LIMITS } from '../engine/request.ts';
import { resolveSampling } from '../node.ts';
import { UsageError } from './command.ts';
import { decimal, seed, whole } from './generate-request.ts';
import { stem } from './parameters.ts';
import { parseStyle, type WrittenStyle } from './style-use.ts';

/** Pictures of a grid. */
export const MAX_CELLS = 100;
/** Letters of a row's label; a path or a seed may be longer. */
const MAX_LABEL = 24;

const KINDS = ['strength', 'style', 'seed', 'steps', 'guidance', 'sampler'] as const;
type Kind = (typeof KINDS)[number];

/** One value of an axis, and what it makes of a request. */
interface AxisValue {
  /** As it was written. */
  readonly text: string;
  readonly label: string;
  readonly change: (request: GenerateRequest) => GenerateRequest;
}

export interface Axis {
  readonly kind: Kind;
  /** As it was written: `seed`, `strength:NAME`. */
  readonly name: string;
  readonly values: readonly AxisValue[];
  /** Of `strength:NAME`: the style's place among the base's styles, counted from their end, which an axis of styles leaves as it is. */
  readonly fromEnd: number | undefined;
}

export interface Cell {
  readonly row: number;
  readonly column: number;
  readonly request: GenerateRequest;
}

/**
 * Reads `AXIS=V1,V2,…` of the option (`--x`, `--y`). `base` is the request of all cells: it tells which style a strength is of
 * and the schedule that samplers must run on. Throws UsageError naming the option and the value.
 */
export function parseAxis(option: string, text: string, base: GenerateRequest): Axis {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0)).trim();
  const colon = name.indexOf(':');
  const word = colon < 0 ? name : name.slice(0, colon);
  const kind = KINDS.find((known) => known === word);
  if (kind === undefined || (colon >= 0 && kind !== 'strength')) {
    throw new UsageError(
      `${option} must be AXIS=V1,V2,… with an axis of ${KINDS.join(', ')} or strength:NAME, not ${JSON.stringify(text)}`,
    );
  }
  const texts = text.slice(equals + 1).split(',', MAX_CELLS + 1);
  if (texts.length > MAX_CELLS) throw new UsageError(`${option} ${name} takes at most ${MAX_CELLS} values`);
  const fromEnd = colon < 0 ? undefined : styleCalled(option, name.slice(colon + 1), base.styles ?? []);
  const values: AxisValue[] = [];
  const first = new Map<string, string>();
  for (const [place, raw] of texts.entries()) {
    const value = raw.trim();
    const where = `${option} ${name}, value ${place + 1}`;
    if (value === '') throw new UsageError(`${where} is empty`);
    const { key, ...rest } = readValue(kind, where, value, base, fromEnd);
    const same = first.get(key);
    if (same !== undefined) throw new UsageError(`${where}: ${value} is the same as ${same}`);
    first.set(key, value);
    values.push({ text: value, ...rest });
  }
  return { kind, name, values, fromEnd };
}

/** Throws UsageError for axes that do not go together, that change nothing, or that make more than MAX_CELLS cells. */
export function checkAxes(x: Axis, y: Axis | undefined, base: GenerateRequest): void {
  const axes = y === undefined ? [x] : [x, y];
  if (y !== undefined && x.kind === y.kind && targetOf(x, base) === targetOf(y, base)) {
    throw new UsageError(`--x and --y both change the ${x.kind}; give each an axis of its own`);
  }
  const cells = x.values.length * (y?.values.length ?? 1);
  if (cells > MAX_CELLS) {
    throw new UsageError(
      `--x and --y make ${cells} pictures (${x.values.length} × ${y?.values.length}); a grid has at most ${MAX_CELLS}`,
    );
  }
  if (base.noise !== undefined && axes.some(({ kind }) => kind === 'seed')) {
    throw new UsageError('the axis seed changes nothing with --noise, which replaces the noise of the seeds');
  }
  const styled = (base.styles ?? []).length > 0 || axes.some(({ kind }) => kind === 'style');
  if (!styled && axes.some(({ kind }) => kind === 'strength')) {
    throw new UsageError(
      'the axis strength has no style; give one with --style (not in the prompt), or an axis style',
    );
  }
}

/** Cells row by row: a column for each value of x, a row for each of y. */
export function cellsOf(base: GenerateRequest, x: Axis, y: Axis | undefined): Cell[] {
  const rows = y?.values ?? [undefined];
  return rows.flatMap((down, row) =>
    x.values.map((across, column) => {
      const changes = [
        { axis: x, value: across },
        { axis: y, value: down },
      ];
      // A style comes before the strength that is set of it.
      const ordered = [...changes].sort((a, b) => order(a.axis) - order(b.axis));
      const request = ordered.reduce((made, { value }) => value?.change(made) ?? made, base);
      return { row, column, request };
    }),
  );
}

/** The first row and column come first: so each value is tried before most of the work is done. */
export function drawingOrder(cells: readonly Cell[]): Cell[] {
  const edge = ({ row, column }: Cell): boolean => row === 0 || column === 0;
  return [...cells.filter(edge), ...cells.filter((cell) => !edge(cell))];
}

/** Which style a strength is of, from the end: the first without a name. */
function targetOf({ fromEnd }: Axis, base: GenerateRequest): number {
  return fromEnd ?? (base.styles ?? []).length;
}

function order(axis: Axis | undefined): number {
  return axis?.kind === 'style' ? 0 : 1;
}

/** `key` is the same for values that make the same picture. */
function readValue(
  kind: Kind,
  where: string,
  text: string,
  base: GenerateRequest,
  fromEnd: number | undefined,
): { readonly key: string } & Omit<AxisValue, 'text'> {
  const field = <V>(key: string, value: V) => ({
    key: String(value),
    label: text.slice(0, MAX_LABEL),
    change: (request: GenerateRequest): GenerateRequest => ({ ...request, [key]: value }),
  });
  switch (kind) {
    case 'seed':
      return field('seed', seed(where, text)!);
    case 'steps':
      return field('steps', whole(where, text, REQUEST_LIMITS.steps)!);
    case 'guidance':
      return field('guidance', decimal(where, text, REQUEST_LIMITS.guidance)!);
    case 'sampler':
      return { ...field('sampler', text), key: samplingKey(where, text, base.schedule) };
    case 'strength': {
      const strength = decimal(where, text, REQUEST_LIMITS.strength)!;
      return {
        ...field('strength', strength),
        change: (request) => ({ ...request, styles: withStrength(request.styles ?? [], fromEnd, strength) }),
      };
    }
    case 'style': {
      if (text === 'none') return { key: 'none', label: 'none', change: (request) => request };
      const use = parseStyle(text);
      const name = stem(use.style);
      return {
        key: JSON.stringify(use),
        label: labelOf(text, name, use).slice(0, MAX_LABEL),
        change: (request) => ({ ...request, styles: [use, ...(request.styles ?? [])] }),
      };
    }
  }
}

/** The name without its folder, and what was written behind it, unless that is the strength 1 alone. */
function labelOf(text: string, name: string, use: WrittenStyle): string {
  const plain = use.strengths === undefined && use.overSteps === undefined && use.strength === 1;
  return plain ? name : `${name}${text.slice(use.style.length)}`;
}

function samplingKey(where: string, text: string, schedule: string | undefined): string {
  try {
    const sampling = resolveSampling(text, schedule);
    return `${sampling.sampler.key} ${sampling.schedule}`;
  } catch (error) {
    throw new UsageError(`${where}: ${(error as Error).message}`);
  }
}

/** The place of a style, named as it was given or by its file's name without folder and ending, counted from the last (1). */
function styleCalled(option: string, name: string, styles: readonly StyleUse[]): number {
  const places = styles.flatMap(({ style }, index) =>
    style === name || (typeof style === 'string' && stem(style) === name) ? [styles.length - index] : [],
  );
  if (places.length === 1) return places[0]!;
  const found = places.length === 0 ? 'no style' : `${places.length} styles`;
  throw new UsageError(`${option} strength:${name}: ${found} of --style has this name; it must be one`);
}

/** Sets the strength of one style: the one at this place from the end, or the first. Without any style nothing changes. */
function withStrength(
  styles: readonly StyleUse[],
  fromEnd: number | undefined,
  strength: number,
): StyleUse[] {
  const chosen = fromEnd === undefined ? 0 : styles.length - fromEnd;
  return styles.map((use, index) => (index === chosen ? { ...use, strength } : use));
}
