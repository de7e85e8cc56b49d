// The axes of a grid of pictures: the values that they take, and the request of each cell. Node and browsers.
import { TinctureError } from '../../plugins/contract/error.ts';
import type { GenerateRequest, StyleUse } from '../engine/engine.ts';
import { REQUEST_LIMITS } from '../engine/request.ts';
import { resolveSampling } from '../sampling/names.ts';

/** Pictures of a grid. */
export const MAX_CELLS = 100;
/** Letters of a row's label; a path or a seed may be longer. */
const MAX_LABEL = 24;
const MAX_SEED = 2n ** 64n - 1n;

export const AXIS_KINDS = ['strength', 'style', 'seed', 'steps', 'guidance', 'sampler'] as const;
export type AxisKind = (typeof AXIS_KINDS)[number];

/** As much of a request as axes look at; what else it holds, they leave alone. */
export type GridRequest = Pick<GenerateRequest, 'styles' | 'schedule' | 'noise'>;

/** One value of an axis, and what it makes of a request. */
export interface AxisValue {
  /** As it was written. */
  readonly text: string;
  readonly label: string;
  readonly change: <R extends GridRequest>(request: R) => R;
}

export interface Axis {
  readonly kind: AxisKind;
  /** As people call it: `seed`, `strength:NAME`. */
  readonly name: string;
  readonly values: readonly AxisValue[];
  /** Of a strength: the style's place among the base's styles, counted from their end, which an axis of styles leaves as it is. */
  readonly fromEnd: number | undefined;
}

export interface Cell<R extends GridRequest> {
  readonly row: number;
  readonly column: number;
  readonly request: R;
}

/** What stands before the values: how errors call the axis, its kind and name, and which style a strength is of. */
export interface AxisHead<K extends AxisKind = AxisKind> {
  /** Such as `--x`. */
  readonly where: string;
  readonly kind: K;
  readonly name: string;
  readonly fromEnd?: number | undefined;
}

/** A value of an axis of styles. */
export interface StyleValue {
  readonly text: string;
  readonly label: string;
  /** Undefined: no style. */
  readonly use: StyleUse | undefined;
}

type Entry = AxisValue & {
  /** The same for values that make the same picture. */
  readonly key: string;
};

/** An axis of numbers or samplers. Throws `kit/grid` naming the axis and the value. `schedule` is the one that samplers must run on. */
export function readAxis(
  head: AxisHead<Exclude<AxisKind, 'style'>>,
  texts: readonly string[],
  schedule: string | undefined,
): Axis {
  return axisOf(head, texts.length, (place, where) => readValue(head, texts[place]!.trim(), where, schedule));
}

/** An axis of styles, which go before those of all pictures. Throws `kit/grid` naming the axis and the value. */
export function styleAxis(head: AxisHead<'style'>, styles: readonly StyleValue[]): Axis {
  return axisOf(head, styles.length, (place) => {
    const { text, label, use } = styles[place]!;
    return {
      text,
      label: label.slice(0, MAX_LABEL),
      key: use === undefined ? 'none' : JSON.stringify([label, use]),
      change: (request) =>
        use === undefined ? request : { ...request, styles: [use, ...(request.styles ?? [])] },
    };
  });
}

function axisOf(
  { where, kind, name, fromEnd }: AxisHead,
  count: number,
  read: (place: number, where: string) => Entry,
): Axis {
  if (count === 0 || count > MAX_CELLS) {
    throw refused(
      `${where} ${name}`,
      'the axis has no values, or too many',
      `1 … ${MAX_CELLS} values`,
      String(count),
    );
  }
  const known = new Map<string, string>();
  const values = Array.from({ length: count }, (_, place): AxisValue => {
    const at = `${where} ${name}, value ${place + 1}`;
    const { key, ...value } = read(place, at);
    const same = known.get(key);
    if (same !== undefined) throw refused(at, `${value.text} is the same as ${same}`);
    known.set(key, value.text);
    return value;
  });
  return { kind, name, values, fromEnd };
}

/** Throws `kit/grid` for axes that do not go together, that change nothing, or that make more than MAX_CELLS cells. */
export function checkAxes(x: Axis, y: Axis | undefined, base: GridRequest): void {
  const axes = y === undefined ? [x] : [x, y];
  if (y !== undefined && x.kind === y.kind && targetOf(x, base) === targetOf(y, base)) {
    throw refused('the axes', `both change the ${x.kind}`, 'one axis for each');
  }
  const cells = x.values.length * (y?.values.length ?? 1);
  if (cells > MAX_CELLS) {
    const found = `${cells} pictures (${x.values.length} × ${y?.values.length})`;
    throw refused('the axes', 'the grid is too large', `at most ${MAX_CELLS} pictures`, found);
  }
  if (base.noise !== undefined && axes.some(({ kind }) => kind === 'seed')) {
    throw refused('the axis seed', 'it changes nothing: given noise takes the place of that of the seeds');
  }
  const styled = (base.styles ?? []).length > 0 || axes.some(({ kind }) => kind === 'style');
  if (!styled && axes.some(({ kind }) => kind === 'strength')) {
    throw refused(
      'the axis strength',
      'there is no style',
      'a style that all pictures have, or an axis of styles',
    );
  }
}

/** Cells row by row: a column for each value of x, a row for each of y. */
export function cellsOf<R extends GridRequest>(base: R, x: Axis, y: Axis | undefined): Cell<R>[] {
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
export function drawingOrder<C extends Pick<Cell<GridRequest>, 'row' | 'column'>>(cells: readonly C[]): C[] {
  const edge = ({ row, column }: C): boolean => row === 0 || column === 0;
  return [...cells.filter(edge), ...cells.filter((cell) => !edge(cell))];
}

/** Which style a strength is of, from the end: the first without a name. */
function targetOf({ fromEnd }: Axis, base: GridRequest): number {
  return fromEnd ?? (base.styles ?? []).length;
}

function order(axis: Axis | undefined): number {
  return axis?.kind === 'style' ? 0 : 1;
}

function readValue(
  { kind, fromEnd }: AxisHead<Exclude<AxisKind, 'style'>>,
  text: string,
  where: string,
  schedule: string | undefined,
): Entry {
  if (text === '') throw refused(where, 'it is empty');
  const value = { text, label: text.slice(0, MAX_LABEL) };
  switch (kind) {
    case 'seed': {
      const seed = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
      if (seed < 0n || seed > MAX_SEED) {
        throw refused(where, 'no such seed', 'a whole number from 0 to 2^64-1', JSON.stringify(text));
      }
      return { ...value, key: String(seed), change: (request) => ({ ...request, seed }) };
    }
    case 'steps': {
      const steps = numberOf(text, REQUEST_LIMITS.steps, where);
      if (!Number.isInteger(steps)) throw refused(where, 'no such number of steps', 'a whole number', text);
      return { ...value, key: String(steps), change: (request) => ({ ...request, steps }) };
    }
    case 'guidance': {
      const guidance = numberOf(text, REQUEST_LIMITS.guidance, where);
      return { ...value, key: String(guidance), change: (request) => ({ ...request, guidance }) };
    }
    case 'sampler':
      return {
        ...value,
        key: samplingKey(text, schedule, where),
        change: (request) => ({ ...request, sampler: text }),
      };
    case 'strength': {
      const strength = numberOf(text, REQUEST_LIMITS.strength, where);
      return {
        ...value,
        key: String(strength),
        change: (request) => ({ ...request, styles: withStrength(request.styles ?? [], fromEnd, strength) }),
      };
    }
  }
}

function numberOf(
  text: string,
  { minimum, maximum }: { minimum: number; maximum: number },
  where: string,
): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw refused(where, 'no such number', `a number from ${minimum} to ${maximum}`, JSON.stringify(text));
}

function samplingKey(text: string, schedule: string | undefined, where: string): string {
  try {
    const sampling = resolveSampling(text, schedule);
    return `${sampling.sampler.key} ${sampling.schedule}`;
  } catch (error) {
    throw refused(where, (error as Error).message);
  }
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

function refused(where: string, what: string, expected?: string, found?: string): TinctureError {
  return new TinctureError('kit/grid', what, {
    where,
    ...(expected !== undefined && { expected }),
    ...(found !== undefined && { found }),
  });
}
