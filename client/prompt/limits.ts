// How long a prompt may be, checked before any work is done on it.
import { PromptError } from './error.ts';

/** UTF-16 units of one prompt: hundreds of full windows, far more than any prompt holds; a pasted file is refused. */
export const MAX_PROMPT_LENGTH = 32_768;

/** Throws `prompt/too-long` with both lengths. */
export function checkPromptLength(prompt: string): void {
  if (prompt.length <= MAX_PROMPT_LENGTH) return;
  throw new PromptError('prompt/too-long', 'the prompt is too long', {
    expected: `at most ${MAX_PROMPT_LENGTH} characters`,
    found: `${prompt.length}`,
    fix: 'Was a whole file pasted? The text encoder reads 75 tokens, about 50 words.',
  });
}
