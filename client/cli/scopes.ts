// `--scope`: what a token is for.
import { SCOPES, type Scope } from '../../plugins/contract/token.ts';
import { UsageError } from './command.ts';

/** Reads the options, each scope once. */
export function scopesOf(texts: readonly string[]): readonly Scope[] {
  return [...new Set(texts)].map((text) => {
    const scope = SCOPES.find((candidate) => candidate === text);
    if (scope !== undefined) return scope;
    throw new UsageError(`no scope ${JSON.stringify(text)}; there are ${SCOPES.join(', ')}`);
  });
}
