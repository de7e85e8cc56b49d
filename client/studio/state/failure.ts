// Turns anything that was thrown into words: what is wrong, and what to do now.

export interface Failure {
  /** What the studio was about to do, such as `Drawing the picture`. */
  readonly doing: string;
  readonly message: string;
  /** What to do. */
  readonly advice: string;
  /** Stable name of the error, for reports; empty for unexpected ones. */
  readonly code: string;
}

/** The parts of a TinctureError; one that crossed a Worker's border is told by them, not by its class. */
interface Coded {
  readonly message: string;
  readonly code: string;
  readonly facts?: { readonly fix?: string };
}

const isCoded = (thrown: unknown): thrown is Coded =>
  thrown instanceof Error && typeof (thrown as { code?: unknown }).code === 'string';

/** By the area of an error's code, for errors whose message does not already say what to do. */
const ADVICE: Readonly<Record<string, string>> = {
  format: 'The file is damaged or of another kind. Get it again from where it came and drop it once more.',
  model: 'This model is not one that Tincture can read. Choose another under “Engine”.',
  plugin: 'The style’s plugin was ended; the studio is unharmed. Take the style out of use, then draw again.',
  registry: 'Check the connection and try again. What was downloaded before works without one.',
  cache: 'Free some space under “Storage”, or allow this site to store data, then try again.',
  runtime: 'Try the other backend under “Engine”, or a smaller picture.',
  prompt: 'Correct the prompt and draw again.',
  sampling: 'Choose another sampler, schedule or number of steps.',
};

/** True for the end of something that the user stopped. */
export function isAbort(thrown: unknown): boolean {
  return (
    (thrown instanceof DOMException && thrown.name === 'AbortError') ||
    (isCoded(thrown) && thrown.code.endsWith('/aborted'))
  );
}

/** The words for something thrown while `doing`. */
export function failureOf(doing: string, thrown: unknown): Failure {
  if (isCoded(thrown)) {
    // The message of such an error ends with its own advice where it has one.
    const area = thrown.code.split('/')[0] ?? '';
    const advice =
      thrown.facts?.fix === undefined ? (ADVICE[area] ?? 'Change the settings and try again.') : '';
    return { doing, message: sentence(thrown.message), advice, code: thrown.code };
  }
  if (thrown instanceof TypeError && /fetch|network|load/i.test(thrown.message)) {
    return {
      doing,
      message: 'The server did not answer.',
      advice: 'Check the connection and try again. What was downloaded before works without one.',
      code: 'network',
    };
  }
  const words = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    doing,
    message: sentence(words === '' ? 'something unexpected happened' : words),
    advice:
      'This was not expected. Reload the page and try again; if it comes back, report it with the details.',
    code: '',
  };
}

/** A sentence; a message that begins with a file's name keeps its spelling. */
function sentence(text: string): string {
  const first = /^[a-z]+([ ,;]|$)/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
