// What the compiler and the kit find wrong in an author's sources, and how it is shown.

export type Severity = 'error' | 'warning' | 'info';

/** A finding at its place. Lines and columns count from 1; a column counts UTF-16 code units, as editors do. */
export interface Diagnostic {
  /** Path as the author gave it; of the SDK: `tincture/…`. Empty where the finding has no place. */
  readonly file: string;
  /** 0 where the finding has no place. */
  readonly line: number;
  readonly column: number;
  /** Code units that it covers on that line, at least 1. */
  readonly length: number;
  readonly severity: Severity;
  readonly message: string;
  /** The compiler's own number, such as 2304; undefined for the kit's findings. */
  readonly code?: number;
  /** The whole line that it stands on. */
  readonly excerpt: string;
  /** Where the finding came from, when that is another place: the call of a generic, for one. */
  readonly related?: Omit<Diagnostic, 'related' | 'severity' | 'message' | 'code'>;
}

type Place = Pick<Diagnostic, 'file' | 'line' | 'column' | 'length' | 'excerpt'>;

/** The place of a range of `text`, which is what stands in `file`. */
export function placeOf(file: string, text: string, start: number, end: number): Place {
  const at = Math.min(Math.max(start, 0), text.length);
  const lineStart = text.lastIndexOf('\n', at - 1) + 1;
  const lineEnd = text.indexOf('\n', at);
  const line = text.slice(0, lineStart).split('\n').length;
  const excerpt = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd).replace(/\r$/, '');
  const length = Math.max(1, Math.min(end, lineStart + excerpt.length) - at);
  return { file, line, column: at - lineStart + 1, length, excerpt };
}

/** A finding without a place. */
export function placeless(severity: Severity, message: string): Diagnostic {
  return { file: '', line: 0, column: 0, length: 1, severity, message, excerpt: '' };
}

/** As compilers print it: `file:line:column: error: message`, the source line, and a caret below. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { severity, message, code, related } = diagnostic;
  const words = `${severity}: ${message}${code === undefined ? '' : ` (${code})`}`;
  if (diagnostic.line === 0) return words;
  const lines = [`${spot(diagnostic)}: ${words}`, ...marked(diagnostic)];
  if (related !== undefined) lines.push(`${spot(related)}: from here`, ...marked(related));
  return lines.join('\n');
}

function spot({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

/** Longer lines are shown around the place only. */
const SHOWN_CHARACTERS = 100;

function marked({ excerpt, column, length }: Place): string[] {
  const from = column - 1 < SHOWN_CHARACTERS - 20 ? 0 : column - 1 - SHOWN_CHARACTERS / 2;
  const shown = excerpt.slice(from, from + SHOWN_CHARACTERS);
  // Tabs stay tabs, so that the caret stands under its character.
  const indent = shown.slice(0, column - 1 - from).replace(/[^\t]/g, ' ');
  const carets = '^'.repeat(Math.max(1, Math.min(length, shown.length - indent.length)));
  return [`  ${shown}`, `  ${indent}${carets}`];
}
