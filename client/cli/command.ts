// What a command is, and how its arguments are parsed.
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Where a command writes. Results go to stdout; progress, notices and errors to stderr. */
export interface Terminal {
  out(text: string): void;
  note(text: string): void;
  /** Where a bar can be redrawn; without it progress goes to `note`, line by line. */
  readonly bar?: { readonly columns: number; write(text: string): unknown };
}

export interface Command {
  /** The whole help text. */
  readonly help: string;
  /** Runs to its end; throws UsageError for wrong arguments. */
  run(args: readonly string[], terminal: Terminal): Promise<void>;
}

/** Wrong arguments: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** Node's own parser, strict; its complaints become UsageErrors. */
export function parseCommandLine<const T extends Options>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

/** A whole number within bounds. */
export function wholeNumber(
  option: string,
  text: string | undefined,
  minimum: number,
  maximum: number,
): number | undefined {
  const value = decimalNumber(option, text, minimum, maximum);
  if (value === undefined || Number.isInteger(value)) return value;
  throw new UsageError(`${option} must be a whole number, not ${text}`);
}

/** A finite number within bounds, written in decimal. */
export function decimalNumber(
  option: string,
  text: string | undefined,
  minimum: number,
  maximum: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = isDecimal(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new UsageError(
    `${option} must be a number from ${minimum} to ${maximum}, not ${JSON.stringify(text)}`,
  );
}

/** `FILE[:WEIGHT]`. */
export function parseWeighted(text: string): { file: string; weight: number | undefined } {
  const { before, number } = splitNumber(text, 'file', 'weight');
  return { file: before, weight: number };
}

/** What follows the last colon is a number from -100 to 100, or no number and part of the name. */
export function splitNumber(
  text: string,
  thing: string,
  measure: string,
): { before: string; number?: number } {
  const colon = text.lastIndexOf(':');
  const tail = text.slice(colon + 1);
  if (colon < 0 || !isDecimal(tail)) {
    if (text !== '' && tail !== '') return { before: text };
    const either = thing === 'style' ? 'FILE, NAME, or either with' : 'FILE, or FILE with';
    throw new UsageError(`${JSON.stringify(text)} is no ${thing}; write ${either} :${measure.toUpperCase()}`);
  }
  if (colon === 0) throw new UsageError(`${JSON.stringify(text)} names no ${thing}`);
  const before = text.slice(0, colon);
  return { before, number: decimalNumber(`the ${measure} of ${before}`, tail, -100, 100)! };
}

function isDecimal(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
}

/** The one value that an option must have. */
export function required(option: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return value;
  throw new UsageError(`${option} is missing`);
}
