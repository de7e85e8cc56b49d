// A version's rank: text whose order is the order of preference, so that the database can pick the latest.
import { parse } from 'semver';
import { RegistryError } from './error.ts';

/**
 * Text that sorts by code units as semver 2.0.0 (§11) orders versions, behind a first digit that puts every
 * release above every pre-release. Numbers are preceded by their count of digits; identifiers of a
 * pre-release by a space, the lowest character, then 0 (numeric) or 1 (alphanumeric, which is higher).
 * Throws `registry/invalid` for text that is no version.
 */
export function rankOf(version: string): string {
  const parsed = parse(version);
  if (parsed === null) {
    throw new RegistryError('invalid', 'not a semantic version', { where: 'version', found: version });
  }
  const core = [parsed.major, parsed.minor, parsed.patch].map(sortable).join('.');
  if (parsed.prerelease.length === 0) return `1${core}`;
  const identifiers = parsed.prerelease.map((it) =>
    /^\d+$/.test(String(it)) ? ` 0${sortable(it)}` : ` 1${it}`,
  );
  return `0${core}${identifiers.join('')}`;
}

/** A whole number with its count of digits before it: 7 → 017, 12 → 0212. */
function sortable(value: number | string): string {
  const digits = String(value);
  return `${String(digits.length).padStart(2, '0')}${digits}`;
}
