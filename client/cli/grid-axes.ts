// The axes of a grid as the command line writes them: `AXIS=V1,V2,…`.
import type { GenerateRequest, StyleUse } from '../engine/engine.ts';
import { AXIS_KINDS, type Axis, readAxis, type StyleValue, styleAxis } from '../kit/grid-axes.ts';
import { UsageError } from './command.ts';
import { stem } from './parameters.ts';
import { parseStyle, type WrittenStyle } from './style-use.ts';

/**
 * Reads `AXIS=V1,V2,…` of the option (`--x`, `--y`). `base` is the request of all cells: it tells which style a strength is of
 * and the schedule that samplers must run on. Throws UsageError and `kit/grid`, naming the option and the value.
 */
export function parseAxis(option: string, text: string, base: GenerateRequest): Axis {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0)).trim();
  const colon = name.indexOf(':');
  const word = colon < 0 ? name : name.slice(0, colon);
  const kind = AXIS_KINDS.find((known) => known === word);
  if (kind === undefined || (colon >= 0 && kind !== 'strength')) {
    throw new UsageError(
      `${option} must be AXIS=V1,V2,… with an axis of ${AXIS_KINDS.join(', ')} or strength:NAME, not ${JSON.stringify(text)}`,
    );
  }
  const texts = text.slice(equals + 1).split(',');
  if (kind === 'style') return styleAxis({ where: option, kind, name }, texts.map(styleValue));
  const fromEnd = colon < 0 ? undefined : styleCalled(option, name.slice(colon + 1), base.styles ?? []);
  return readAxis({ where: option, kind, name, fromEnd }, texts, base.schedule);
}

function styleValue(written: string): StyleValue {
  const text = written.trim();
  if (text === 'none') return { text, label: text, use: undefined };
  const use = parseStyle(text);
  return { text, label: labelOf(text, use), use };
}

/** The name without its folder, and what was written behind it, unless that is the strength 1 alone. */
function labelOf(text: string, { style, strength, strengths, overSteps }: WrittenStyle): string {
  const plain = strengths === undefined && overSteps === undefined && strength === 1;
  return plain ? stem(style) : `${stem(style)}${text.slice(style.length)}`;
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
