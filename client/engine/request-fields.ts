// The limits of a request, and the checks of its fields, whose errors name them.
import { EngineError } from './errors.ts';

/** Limits of a request; each is enforced where the request is planned. */
export const REQUEST_LIMITS = {
  steps: { minimum: 1, maximum: 1000 },
  guidance: { minimum: 0, maximum: 100 },
  strength: { minimum: -100, maximum: 100 },
  /** Of a style, on top of its strength. */
  factor: { minimum: -10, maximum: 10 },
  factorWidths: 16,
  /** Points of one style's strength over the steps. */
  strengthPoints: 32,
  /** Pixels a side: at a latent factor of 8, 4096 already asks attention for 262,144 places. */
  side: { minimum: 8, maximum: 4096 },
  styles: 32,
  embeddings: 1024,
  batchSize: { minimum: 1, maximum: 16 },
  batchCount: { minimum: 1, maximum: 100 },
  /** Pixels that are drawn at once, and of all pictures of a request, which are kept until the last is drawn: a gigabyte. */
  pixelsAtOnce: 2 ** 26,
  pixels: 2 ** 28,
  /** No text encoder is deeper; the model's own depth is checked too. */
  clipSkip: { minimum: 1, maximum: 48 },
  /** Of variations, and of drawing over a latent. */
  share: { minimum: 0, maximum: 1 },
  /** Standard deviation of a mask's blur in pixels; the web UI's slider ends there too. */
  maskBlur: { minimum: 0, maximum: 64 },
  /** Of the second pass's sides to the first's. */
  hiresScale: { minimum: 1, maximum: 8 },
  laterSeedDelta: { minimum: -(2 ** 32), maximum: 2 ** 32 },
} as const;

export function text(field: string, value: unknown): string {
  if (typeof value !== 'string') throw refused(field, 'text', typeof value);
  return value;
}

interface Range {
  readonly minimum: number;
  readonly maximum: number;
}

export function finite(field: string, value: number, { minimum, maximum }: Range): number {
  if (typeof value !== 'number' || !(value >= minimum && value <= maximum)) {
    throw refused(field, `${minimum} … ${maximum}`, String(value));
  }
  return value;
}

export function whole(field: string, value: number, range: Range): number {
  if (!Number.isInteger(value)) throw refused(field, 'a whole number', String(value));
  return finite(field, value, range);
}

/** Pixels: a multiple of what the model draws. */
export function side(field: string, value: number, multiple: number): number {
  whole(field, value, REQUEST_LIMITS.side);
  if (value % multiple !== 0) {
    const nearest = Math.max(multiple, Math.round(value / multiple) * multiple);
    throw new EngineError('engine/request', `${field} does not fit the model`, {
      expected: `a multiple of ${multiple} pixels`,
      found: String(value),
      fix: `Use ${nearest}.`,
    });
  }
  return value;
}

export function truth(field: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw refused(field, 'true or false', typeof value);
  return value;
}

export function oneOf<T extends string>(field: string, value: unknown, choices: readonly T[]): T {
  const choice = choices.find((known) => known === value);
  if (choice !== undefined) return choice;
  throw refused(field, choices.join(' or '), String(value).slice(0, 64));
}

export function refused(field: string, expected: string, found: string): EngineError {
  return new EngineError('engine/request', `${field} cannot be used`, { expected, found });
}
