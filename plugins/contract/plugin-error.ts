// Errors of plugins: refused modules, and what a running plugin did.
import { type ErrorFacts, TinctureError } from './error.ts';

export type PluginErrorKind =
  /** The module is not a plugin as the ABI describes it. */
  | 'invalid'
  /** A call took longer than its deadline; the plugin was ended. */
  | 'deadline'
  /** The plugin's memory is full, or a module declares more than it may have. */
  | 'memory'
  /** The plugin trapped, or handed out a pointer outside its memory; it was ended. */
  | 'trap'
  /** NaN or infinity in a context. */
  | 'non-finite'
  /** The plugin answered with an error of its own. */
  | 'refused'
  /** The caller's layers or context are impossible. */
  | 'input'
  /** The plugin was closed, or ended after an earlier failure. */
  | 'closed';

/** A plugin that cannot be used or failed. `where` names the style, or the module and the byte. */
export class PluginError extends TinctureError {
  override readonly name = 'PluginError';
  /** With `what` and the facts, the error can cross a thread and be made anew. */
  readonly kind: PluginErrorKind;
  readonly what: string;

  constructor(kind: PluginErrorKind, what: string, facts: ErrorFacts = {}) {
    super(`plugin/${kind}`, what, facts);
    this.kind = kind;
    this.what = what;
  }
}
