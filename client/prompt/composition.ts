// Several prompts that draw one picture together: `a cat AND a dog :0.5`.
import { PromptError } from './error.ts';
import { checkPromptLength } from './limits.ts';

/** One of the prompts, and how much it counts in the guidance. */
export interface PromptPart {
  readonly text: string;
  readonly weight: number;
}

/** Every part is a row more in each run of the UNet. */
export const MAX_PARTS = 8;

const AND = /(?<![\p{L}\p{N}_])AND(?![\p{L}\p{N}_])/u;
/** A colon and a number at a part's end are its weight. */
const WEIGHT = /:\s*([-+]?(?:\d+\.?|\d*\.\d+))\s*$/;

/**
 * Splits at the word AND. As in AUTOMATIC1111's web UI a prompt without it is one part, whose weight may stand at its end too.
 * Throws `prompt/parts` for more than eight.
 */
export function promptParts(prompt: string): PromptPart[] {
  checkPromptLength(prompt);
  const parts = prompt.split(AND).map((part): PromptPart => {
    const found = WEIGHT.exec(part);
    const text = (found === null ? part : part.slice(0, found.index)).trimEnd();
    return { text, weight: found === null ? 1 : Number(found[1]) };
  });
  if (parts.length <= MAX_PARTS) return parts;
  throw new PromptError('prompt/parts', 'too many prompts are joined by AND', {
    expected: `at most ${MAX_PARTS}`,
    found: String(parts.length),
  });
}
