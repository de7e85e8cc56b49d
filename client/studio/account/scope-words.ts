// What a token's scopes mean, in words.

export const SCOPE_WORDS = {
  publish: 'publish new versions of your styles',
  yank: 'withdraw versions of your styles, and put them back',
  admin: 'administer the registry',
} as const;

export type ScopeName = keyof typeof SCOPE_WORDS;
export const SCOPE_NAMES = Object.keys(SCOPE_WORDS) as ScopeName[];

/** `2027-01-31` of a time of the registry. */
export function dayOf(time: string): string {
  return time.slice(0, 10);
}
