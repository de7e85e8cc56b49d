// What the grid's page holds: its two axes as typed, and the grid that is drawn or was drawn last.
import type { Axis } from '../../kit/grid-axes.ts';
import type { Failure } from '../state/failure.ts';
import type { StartPicture } from '../state/start-picture.ts';
import type { Picture } from '../state/tincture.ts';
import { type AxisForm, FIRST_AXIS } from './grid-form.ts';

/** A picture of the grid. */
export interface GridCell {
  readonly picture: Picture;
  readonly png: Uint8Array<ArrayBuffer>;
  readonly parameters: string;
  readonly milliseconds: number;
  /** Number of the print that it became when it was opened. */
  readonly print: number | undefined;
}

/** A grid under way, or done. */
export interface GridSheet {
  readonly x: Axis;
  readonly y: Axis | undefined;
  /** By `ROW,COLUMN`; those that are not drawn yet are not here. */
  readonly cells: ReadonlyMap<string, GridCell>;
  readonly model: string;
  /** What its pictures begin on; undefined for noise. */
  readonly start: StartPicture | undefined;
  /** The whole sheet, when all are drawn. */
  readonly png: Uint8Array<ArrayBuffer> | undefined;
}

export interface GridState {
  readonly x: AxisForm;
  readonly y: AxisForm;
  readonly sheet: GridSheet | undefined;
  /** Words on what is under way; undefined: nothing. */
  readonly drawing: string | undefined;
  readonly notices: readonly string[];
  readonly failure: Failure | undefined;
}

export const FIRST_GRID: GridState = {
  x: { ...FIRST_AXIS, kind: 'seed' },
  y: FIRST_AXIS,
  sheet: undefined,
  drawing: undefined,
  notices: [],
  failure: undefined,
};

export type GridAction =
  | { readonly kind: 'axis'; readonly axis: 'x' | 'y'; readonly change: Partial<AxisForm> }
  | { readonly kind: 'begin'; readonly sheet: GridSheet }
  | { readonly kind: 'progress'; readonly drawing: string }
  | { readonly kind: 'cell'; readonly place: string; readonly cell: GridCell }
  | { readonly kind: 'done'; readonly png: Uint8Array<ArrayBuffer>; readonly notices: readonly string[] }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'fail'; readonly failure: Failure };

/** The next state. Pure. */
export function reduceGrid(state: GridState, action: GridAction): GridState {
  switch (action.kind) {
    case 'axis':
      return { ...state, [action.axis]: { ...state[action.axis], ...action.change }, failure: undefined };
    case 'begin':
      return { ...state, sheet: action.sheet, drawing: 'preparing', notices: [], failure: undefined };
    case 'progress':
      return state.drawing === undefined ? state : { ...state, drawing: action.drawing };
    case 'cell': {
      if (state.sheet === undefined) return state;
      const cells = new Map(state.sheet.cells).set(action.place, action.cell);
      return { ...state, sheet: { ...state.sheet, cells } };
    }
    case 'done':
      return {
        ...state,
        drawing: undefined,
        notices: action.notices,
        sheet: state.sheet && { ...state.sheet, png: action.png },
      };
    case 'stopped':
      return { ...state, drawing: undefined };
    case 'fail':
      return { ...state, drawing: undefined, failure: action.failure };
  }
}
