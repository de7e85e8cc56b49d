// `--parameter NAME=VALUE` and `--parameter STYLE.NAME=VALUE`: what users set of styles.
import { decimalNumber, UsageError } from './command.ts';

export interface ParameterOption {
  /** As the style was given; undefined: the only style. */
  readonly style: string | undefined;
  readonly name: string;
  readonly value: number;
}

/** Reads the options. Parameters' names have no dots, so the last one ends the style. */
export function parseParameters(texts: readonly string[]): ParameterOption[] {
  return texts.map((text) => {
    const equals = text.lastIndexOf('=');
    const key = text.slice(0, Math.max(equals, 0));
    const dot = key.lastIndexOf('.');
    const name = key.slice(dot + 1);
    if (equals < 0 || name === '' || dot === 0) {
      throw new UsageError(
        `${JSON.stringify(text)} sets no parameter; write NAME=VALUE, or STYLE.NAME=VALUE where there are several styles`,
      );
    }
    const value = decimalNumber(
      `the parameter ${key}`,
      text.slice(equals + 1),
      -Number.MAX_VALUE,
      Number.MAX_VALUE,
    )!;
    return { style: dot < 0 ? undefined : key.slice(0, dot), name, value };
  });
}

/**
 * The parameters of each style, in the styles' order. A style is named as it was given, or by its file's name without folder
 * and ending. Throws UsageError for a parameter of no style, of several, or set twice.
 */
export function assignParameters(
  styles: readonly string[],
  options: readonly ParameterOption[],
): Record<string, number>[] {
  const assigned = styles.map((): Record<string, number> => ({}));
  for (const { style, name, value } of options) {
    const matches = styles
      .map((given, index) => ({ given, index }))
      .filter(({ given }) => style === undefined || given === style || stem(given) === style);
    const [match, second] = matches;
    if (match === undefined) {
      const key = style === undefined ? name : `${style}.${name}`;
      throw new UsageError(
        `--parameter ${key}: no such style among those of --style; one that the prompt names in <hypernet:…> is given with --style instead`,
      );
    }
    if (second !== undefined) {
      throw new UsageError(`--parameter ${name}: which style? Write ${stem(match.given)}.${name}=${value}`);
    }
    const values = assigned[match.index]!;
    if (Object.hasOwn(values, name)) throw new UsageError(`--parameter ${name} is set twice`);
    values[name] = value;
  }
  return assigned;
}

/** A file's name without folder and ending. */
export function stem(path: string): string {
  return path.replace(/^.*[\\/]/, '').replace(/\.(style|pt|safetensors|bin)$/i, '');
}
