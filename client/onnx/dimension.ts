// Sizes of axes that may be symbolic: products of named sizes with a rational factor, such as `height/2` or `77*batch`.

/** A size: a number, or a product of symbols, e.g. `height*width/4`. Symbolic quotients are taken to be whole. */
export type Dim = number | string;

interface Monomial {
  readonly factor: number;
  readonly divisor: number;
  /** Sorted, so that equal products have equal texts. */
  readonly symbols: readonly string[];
}

/** The product of all sizes; of none, 1. */
export function product(dims: readonly Dim[]): Dim {
  const parts = dims.map(parse);
  return format({
    factor: parts.reduce((all, { factor }) => all * factor, 1),
    divisor: parts.reduce((all, { divisor }) => all * divisor, 1),
    symbols: parts.flatMap(({ symbols }) => symbols),
  });
}

/** a / b, or undefined when b has a symbol that a lacks, or two numbers do not divide. */
export function quotient(a: Dim, b: Dim): Dim | undefined {
  const left = parse(a);
  const right = parse(b);
  const symbols = [...left.symbols];
  for (const symbol of right.symbols) {
    const at = symbols.indexOf(symbol);
    if (at < 0) return undefined;
    symbols.splice(at, 1);
  }
  const result = format({
    factor: left.factor * right.divisor,
    divisor: left.divisor * right.factor,
    symbols,
  });
  return typeof result === 'number' && !Number.isInteger(result) ? undefined : result;
}

function parse(dim: Dim): Monomial {
  if (typeof dim === 'number') return { factor: dim, divisor: 1, symbols: [] };
  const [top, divisor = '1'] = dim.split('/') as [string, string?];
  let factor = 1;
  const symbols: string[] = [];
  for (const part of top.split('*')) {
    if (/^\d+$/.test(part)) factor *= Number(part);
    else symbols.push(part);
  }
  return { factor, divisor: Number(divisor), symbols };
}

function format({ factor, divisor, symbols }: Monomial): Dim {
  if (symbols.length === 0) return factor / divisor;
  const common = greatestCommonDivisor(factor, divisor);
  const top = factor === common ? [] : [String(factor / common)];
  const bottom = divisor === common ? '' : `/${divisor / common}`;
  return [...top, ...[...symbols].sort()].join('*') + bottom;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
