// How a hypernetwork describes itself in the metadata of a safetensors file: one key that holds JSON.
import { type PlainKeys, type PlainValue, writeDescription } from './description.ts';
import { HypernetworkError } from './errors.ts';
import type { HypernetworkRecord } from './record.ts';

/** The metadata key. Its value is JSON: `{ widths, keys, extra }`, `keys` by the reference's names. */
export const METADATA_KEY = 'hypernetwork';

export interface HypernetworkMetadata {
  readonly widths: readonly number[];
  readonly keys: PlainKeys;
  readonly extra: PlainKeys;
}

/** The metadata's JSON. */
export function formatMetadata({ description, widths, extra }: HypernetworkRecord): string {
  const keys = { ...writeDescription(description), step: description.step };
  return JSON.stringify({ widths, keys, extra } satisfies HypernetworkMetadata);
}

/** Reads it back. Throws `hypernetwork/invalid` for anything else. */
export function parseMetadata(text: string, where: string): HypernetworkMetadata {
  const place = `${where}, metadata ${METADATA_KEY}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new HypernetworkError('invalid', 'not JSON', { where: place, cause });
  }
  if (isRecord(value)) {
    const { widths, keys, extra } = value;
    if (isWidths(widths) && isPlainKeys(keys) && isPlainKeys(extra)) return { widths, keys, extra };
  }
  throw new HypernetworkError('invalid', 'not the description of a hypernetwork', {
    where: place,
    expected: '{ widths, keys, extra }',
    found: text.slice(0, 100),
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWidths(value: unknown): value is number[] {
  if (!Array.isArray(value) || new Set(value).size !== value.length) return false;
  return value.length > 0 && value.every((width) => Number.isSafeInteger(width) && width > 0);
}

/** The reference's keys nest one list; a text of brackets must not exhaust the stack. */
const MAX_NESTING = 8;

function isPlainKeys(value: unknown): value is PlainKeys {
  return isRecord(value) && Object.values(value).every((item) => isPlain(item, MAX_NESTING));
}

function isPlain(value: unknown, nesting: number): value is PlainValue {
  if (Array.isArray(value)) return nesting > 0 && value.every((item) => isPlain(item, nesting - 1));
  return value === null || ['boolean', 'number', 'string'].includes(typeof value);
}
