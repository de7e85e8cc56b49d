// What `inspect` finds: facts for machines, and the same as lines for people.

export interface Report {
  /** The value that `--json` prints, beside the facts that all files have. */
  readonly facts: { readonly kind: string } & Readonly<Record<string, unknown>>;
  /** Labelled values, in order. */
  readonly rows: readonly (readonly [string, string])[];
  /** Longer text below the table. */
  readonly text?: string;
}
