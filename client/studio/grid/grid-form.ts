// What the grid's form says, and the axes that it makes: values as typed or ticked, by kind.
import { TinctureError } from '../../index.ts';
import { AXIS_KINDS, type Axis, type AxisKind, readAxis, styleAxis } from '../../kit/grid-axes.ts';
import { usesOf } from '../state/draw-request.ts';
import type { StudioState } from '../state/studio.ts';
import { strengthText } from '../state/styles.ts';

/** One axis as it stands in the form; what the other kinds hold stays for when one comes back to them. */
export interface AxisForm {
  readonly kind: AxisKind | 'none';
  /** Values between commas, of the kinds that have numbers. */
  readonly texts: Readonly<Record<NumberKind, string>>;
  /** Names of samplers. */
  readonly samplers: readonly string[];
  /** Ids of styles, and `NO_STYLE`. */
  readonly styles: readonly string[];
  /** Id of the style whose strength it is; empty: the first in use. */
  readonly of: string;
}

export type NumberKind = Exclude<AxisKind, 'style' | 'sampler'>;
export const NO_STYLE = '';

export const KIND_NAMES: Readonly<Record<AxisKind, string>> = {
  strength: 'strength of a style',
  style: 'styles',
  seed: 'seeds',
  steps: 'steps',
  guidance: 'guidance',
  sampler: 'samplers',
};
export { AXIS_KINDS };

export const FIRST_AXIS: AxisForm = {
  kind: 'none',
  texts: { strength: '0, 0.5, 1', seed: '1, 2, 3', steps: '4, 8, 16', guidance: '2, 4, 6' },
  samplers: [],
  styles: [NO_STYLE],
  of: '',
};

type Held = Pick<StudioState, 'inUse' | 'shelf' | 'settings'>;

/** The axis of a form; undefined where it has none. Throws `kit/grid` in words that name it `where`. */
export function axisOf(form: AxisForm, where: string, state: Held): Axis | undefined {
  const { kind, texts, samplers, styles } = form;
  switch (kind) {
    case 'none':
      return undefined;
    case 'style':
      return styleAxis(
        { where, kind, name: 'style' },
        styles.map((id) => styleValue(id, state)),
      );
    case 'sampler':
      return readAxis({ where, kind, name: kind }, samplers, state.settings.schedule || undefined);
    case 'strength':
      return readAxis({ where, kind, ...strengthOf(form, where, state) }, listOf(texts.strength), undefined);
    default:
      return readAxis({ where, kind, name: kind }, listOf(texts[kind]), undefined);
  }
}

/** Which of the styles in use an axis of strengths is of: its name, and its place from the end. */
function strengthOf(
  { of }: AxisForm,
  where: string,
  { inUse, shelf }: Held,
): { name: string; fromEnd?: number } {
  const usable = inUse.filter(({ id }) => shelf.some((style) => style.id === id));
  if (of === '') return { name: 'strength' };
  const place = usable.findIndex(({ id }) => id === of);
  if (place === -1) {
    throw new TinctureError('kit/grid', 'the style is no longer in use', {
      where: `${where} strength`,
      fix: 'Take it into use again, or choose another.',
    });
  }
  const name = shelf.find(({ id }) => id === of)!.name;
  return { name: `strength:${name}`, fromEnd: usable.length - place };
}

function styleValue(id: string, { shelf }: Held) {
  if (id === NO_STYLE) return { text: 'none', label: 'none', use: undefined };
  const style = shelf.find((entry) => entry.id === id);
  const [use] = style === undefined ? [] : usesOf([{ id, strength: style.strength.initial }], shelf);
  if (style === undefined || use === undefined) {
    throw new TinctureError('kit/grid', 'a style of the axis is no longer at hand', { where: id });
  }
  const text = use.strength === 1 ? style.name : `${style.name}:${strengthText(use.strength)}`;
  return { text, label: text.replace('−', '-'), use };
}

function listOf(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}
