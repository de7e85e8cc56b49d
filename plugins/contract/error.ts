// The one base error: says what is wrong, where, what was expected, what was found, and what to do.

export interface ErrorFacts {
  /** File, tensor, op, route or byte place that the error is about. */
  where?: string;
  expected?: string;
  found?: string;
  /** What the reader can do now. */
  fix?: string;
  cause?: unknown;
}

/**
 * Base of every error that Tincture raises on purpose. `code` is stable and meant for machines
 * (`area/kind`, such as `format/truncated`); the message is meant for people.
 */
export class TinctureError extends Error {
  override readonly name: string = 'TinctureError';
  readonly code: string;
  readonly facts: Readonly<ErrorFacts>;

  constructor(code: string, what: string, facts: ErrorFacts = {}) {
    super(sentence(what, facts), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.facts = facts;
  }
}

function sentence(what: string, { where, expected, found, fix }: ErrorFacts): string {
  let text = where === undefined ? what : `${where}: ${what}`;
  if (expected !== undefined) text += `; expected ${expected}`;
  if (found !== undefined) text += `${expected === undefined ? ';' : ','} found ${found}`;
  return fix === undefined ? text : `${text}. ${fix}`;
}
