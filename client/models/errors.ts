// Errors of everything that reads a model's manifest, checkpoint or styles.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

export type ModelErrorKind =
  /** model.json is wrong. */
  | 'manifest'
  /** A part of a model in several files has none. */
  | 'missing-part'
  /** A tensor that the model needs is not in the checkpoint. */
  | 'missing-tensor'
  /** A tensor has another shape than the rest of the model asks for. */
  | 'shape'
  /** A tensor that no part of the model uses. */
  | 'unknown-tensor'
  /** A family, layout or element type that we do not build graphs for. */
  | 'unsupported'
  /** A style whose layers cannot be lowered. */
  | 'style';

/** A model that cannot be built. `where` names the file. */
export class ModelError extends TinctureError {
  override readonly name = 'ModelError';

  constructor(kind: ModelErrorKind, what: string, facts: ErrorFacts = {}) {
    super(`model/${kind}`, what, facts);
  }
}
