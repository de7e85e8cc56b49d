// What a caller may hand to a plugin: widths, contexts and parameters, checked before they are sent.
import type { PluginDescription } from '../contract/description.ts';
import { MAX_CONTEXT_VALUES, MAX_TENSORS, MAX_WEIGHTS_FILES, MAX_WIDTH } from '../contract/limits.ts';
import { PluginError } from '../contract/plugin-error.ts';
import { allFinite } from './layer-header.ts';
import type { ContextPair } from './plugin.ts';

/** Throws `plugin/input` unless `value` is a whole number in the range. */
export function checkWhole(
  where: string,
  what: string,
  value: number,
  minimum: number,
  maximum: number,
): void {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  throw new PluginError('input', `an impossible ${what}`, {
    where,
    expected: `${minimum} to ${maximum}`,
    found: String(value),
  });
}

export function checkWidth(where: string, width: number): void {
  checkWhole(where, 'context width', width, 1, MAX_WIDTH);
}

export function checkSet(where: string, set: number): void {
  checkWhole(where, 'number of a weights file', set, 0, MAX_WEIGHTS_FILES - 1);
}

export function checkTensorCount(where: string, count: number): void {
  checkWhole(where, 'number of tensors', count, 0, MAX_TENSORS);
}

/** Throws `plugin/input` for a pair that does not fill its shape, and for a strength that is no number. */
export function checkContextPair(where: string, { width, rows, k, v }: ContextPair, strength: number): void {
  checkContext(where, width, rows, k);
  if (v !== k) checkContext(where, width, rows, v);
  if (!Number.isFinite(strength)) {
    throw new PluginError('input', 'the strength is no number', { where, found: String(strength) });
  }
}

/** Throws `plugin/input` for a context that does not fill [rows, width], `plugin/non-finite` for NaN and infinity. */
export function checkContext(where: string, width: number, rows: number, context: Float32Array): void {
  checkWidth(where, width);
  checkWhole(where, 'number of context rows', rows, 1, Math.floor(MAX_CONTEXT_VALUES / width));
  if (context.length !== rows * width) {
    throw new PluginError('input', 'the context does not fill its shape', {
      where,
      expected: `${rows * width} values for [${rows}, ${width}]`,
      found: String(context.length),
    });
  }
  if (!allFinite(context)) {
    throw new PluginError('non-finite', 'the context that it was handed already holds NaN or infinity', {
      where,
    });
  }
}

/** The value of every parameter, in the description's order. Throws `plugin/input` for an unknown name or a value out of range. */
export function parameterValues(
  where: string,
  { parameters }: PluginDescription,
  values: Readonly<Record<string, number>>,
): number[] {
  for (const name of Object.keys(values)) {
    if (parameters.some((parameter) => parameter.name === name)) continue;
    throw new PluginError('input', `it has no parameter ${name.slice(0, 64)}`, {
      where,
      expected: parameters.map((parameter) => parameter.name).join(', ') || 'none',
    });
  }
  return parameters.map((parameter) => {
    const value = Object.hasOwn(values, parameter.name) ? values[parameter.name]! : parameter.default;
    if (value >= parameter.minimum && value <= parameter.maximum) return value;
    throw new PluginError('input', `parameter ${parameter.name} is out of range`, {
      where,
      expected: `${parameter.minimum} to ${parameter.maximum}`,
      found: String(value),
    });
  });
}
