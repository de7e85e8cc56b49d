// What goes wrong with prompts, vocabularies and the text block of pictures.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

/** Codes: `prompt/too-long`, `prompt/weight`, `prompt/parts`, `prompt/embedding`, `prompt/style-tag`, `prompt/vocabulary`, `prompt/parameters`. */
export class PromptError extends TinctureError {
  override readonly name = 'PromptError';

  constructor(code: `prompt/${string}`, what: string, facts: ErrorFacts = {}) {
    super(code, what, facts);
  }
}
