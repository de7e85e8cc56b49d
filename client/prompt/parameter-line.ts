// The last line of AUTOMATIC1111's text block: `Name: value` pairs, some values in JSON quotes.

/** Pairs in the order of the line; a name that comes twice keeps its last value. */
export type Fields = Map<string, string>;

/** A field's name: letters, digits, spaces, hyphens and slashes, with no space at its edges. */
export const FIELD_NAME = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_ \-/]*[\p{L}\p{N}_\-/])?$/u;

/**
 * Quotes a value that would end early or spread over lines: one with a comma, colon or newline, and also one that
 * begins with a quote or has blank edges, which readers would strip.
 */
export function quoteValue(value: string): string {
  return /[,:\n\r]|^"|^\s|\s$/.test(value) ? JSON.stringify(value) : value;
}

/** Joins pairs into the line. */
export function writeFields(fields: Iterable<readonly [name: string, value: string]>): string {
  return [...fields].map(([name, value]) => `${name}: ${quoteValue(value)}`).join(', ');
}

/** Reads the line in one pass. What is no pair is passed over, as the reference does. */
export function readFields(line: string): Fields {
  const fields: Fields = new Map();
  let at = 0;
  while (at < line.length) {
    const colon = line.indexOf(':', at);
    if (colon === -1) break;
    const comma = line.indexOf(',', at);
    if (comma !== -1 && comma < colon) {
      at = comma + 1;
      continue;
    }
    const name = line.slice(at, colon).trim();
    const { value, end } = readValue(line, colon + 1);
    if (FIELD_NAME.test(name)) fields.set(name, value);
    at = end;
  }
  return fields;
}

function readValue(line: string, from: number): { value: string; end: number } {
  let start = from;
  while (line[start] === ' ') start++;
  if (line[start] === '"') {
    const close = closingQuote(line, start);
    const after = close === -1 ? -1 : skipSpaces(line, close + 1);
    if (close !== -1 && (after === line.length || line[after] === ',')) {
      return { value: unquote(line.slice(start, close + 1)), end: after + 1 };
    }
  }
  const comma = line.indexOf(',', start);
  const stop = comma === -1 ? line.length : comma;
  return { value: line.slice(start, stop).trim(), end: stop + 1 };
}

function closingQuote(line: string, open: number): number {
  for (let i = open + 1; i < line.length; i++) {
    if (line[i] === '\\') i++;
    else if (line[i] === '"') return i;
  }
  return -1;
}

function skipSpaces(line: string, from: number): number {
  let at = from;
  while (line[at] === ' ') at++;
  return at;
}

function unquote(quoted: string): string {
  try {
    const value: unknown = JSON.parse(quoted);
    return typeof value === 'string' ? value : quoted;
  } catch {
    // The reference keeps what is not JSON as it stands, quotes included.
    return quoted;
  }
}
