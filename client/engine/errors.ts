// Errors of the engine: requests that cannot be drawn, models, styles and embeddings that cannot be found.
import { TinctureError } from '../../plugins/contract/error.ts';

/** A request, model, style or embedding that the engine cannot use. Codes: `engine/request`, `engine/model`, `engine/style`, `engine/embedding`, `engine/non-finite`, `engine/closed`, `engine/worker`. */
export class EngineError extends TinctureError {
  override readonly name = 'EngineError';
}
