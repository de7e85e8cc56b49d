// `STYLE[:STRENGTH][:k=F][:v=F][:WIDTH=F][:steps=F@SHARE/…]`: a style and how strong it is, as the command line writes it.
import type { StrengthFactors, StrengthPoint } from '../engine/engine.ts';
import { REQUEST_LIMITS } from '../engine/request.ts';
import { decimalNumber, splitNumber, UsageError } from './command.ts';

export interface WrittenStyle {
  /** As it was given: a file or a name. */
  readonly style: string;
  /** 1 where none is written. */
  readonly strength: number;
  readonly strengths?: StrengthFactors;
  readonly overSteps?: readonly StrengthPoint[];
}

/** Lines of help for every command that takes styles so. */
export const STRENGTH_HELP = `Beside S, a style's strength may have factors (-10 to 10), each after a colon: k=F for what the attention's keys read, v=F for
its values, WIDTH=F for one context width, steps=F@SHARE/F@SHARE… for a curve over the steps (shares 0 to 1 in order, linear in
between, two at one share a jump): --style ink:0.8:k=0:320=0.5:steps=1@0/0@0.6`;

/** Factors stand at the end, so that a name may hold anything before them. */
const FACTOR = /^(.*):(k|v|steps|[1-9]\d{0,5})=([^:]*)$/s;

/** Throws UsageError naming the style and the part. */
export function parseStyle(text: string): WrittenStyle {
  const written = new Map<string, string>();
  let rest = text;
  for (let found = FACTOR.exec(rest); found !== null; found = FACTOR.exec(rest)) {
    const [, before, key, value] = found as unknown as [string, string, string, string];
    if (written.has(key)) throw new UsageError(`${JSON.stringify(text)} gives ${key} twice`);
    written.set(key, value);
    rest = before;
  }
  const { before: style, number } = splitNumber(rest, 'style', 'strength');
  const misplaced = FACTOR.exec(style);
  if (number !== undefined && misplaced !== null) {
    const [, name, key, value] = misplaced;
    throw new UsageError(
      `${JSON.stringify(text)}: write the strength before the factors, ${name}:${number}:${key}=${value}`,
    );
  }
  const strength = number ?? 1;
  if (written.size === 0) return { style, strength };
  const { minimum, maximum } = REQUEST_LIMITS.factor;
  const factorOf = (key: string, value: string): number =>
    decimalNumber(`the factor ${key} of ${style}`, value, minimum, maximum)!;
  const steps = written.get('steps');
  written.delete('steps');
  const factors = [...written].reverse().map(([key, value]) => [key, factorOf(key, value)] as const);
  const sides = Object.fromEntries(factors.filter(([key]) => key === 'k' || key === 'v'));
  const widths = Object.fromEntries(factors.filter(([key]) => key !== 'k' && key !== 'v'));
  return {
    style,
    strength,
    ...(factors.length > 0 && {
      strengths: { ...sides, ...(Object.keys(widths).length > 0 && { widths }) },
    }),
    ...(steps !== undefined && {
      overSteps: steps.split('/', REQUEST_LIMITS.strengthPoints + 1).map((point) => pointOf(style, point)),
    }),
  };
}

/** `F@SHARE` */
function pointOf(style: string, text: string): StrengthPoint {
  const [value, share, ...others] = text.split('@');
  if (value === undefined || share === undefined || others.length > 0) {
    throw new UsageError(
      `the steps of ${style} must be written F@SHARE/F@SHARE…, such as steps=1@0/0@0.6, not ${JSON.stringify(text)}`,
    );
  }
  const { factor, share: range } = REQUEST_LIMITS;
  return {
    at: decimalNumber(`a share of the steps of ${style}`, share, range.minimum, range.maximum)!,
    factor: decimalNumber(`a factor over the steps of ${style}`, value, factor.minimum, factor.maximum)!,
  };
}
