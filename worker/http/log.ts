// Logs: one line of JSON an event, for programs that collect them. No address, no credential, no query goes in here.

/** `errors` logs failures of the edge itself only; `all` also every request. */
export type LogLevel = 'all' | 'errors';

/** What a line may hold, beside its time and level: nothing that names a reader. */
export interface LogFacts {
  readonly request: string;
  readonly method: string;
  /** The route's pattern, such as /v1/styles/:name: what was asked for may be private. */
  readonly route: string;
  readonly status: number;
  /** Whole milliseconds until the headers were ready. */
  readonly ms: number;
  /** Who published, yanked and so on; readers have none. */
  readonly publisher?: string;
  readonly error?: ErrorLines;
}

export interface ErrorLines {
  readonly name: string;
  readonly message: string;
  readonly stack: readonly string[];
}

const MAX_MESSAGE_CHARACTERS = 500;
const MAX_STACK_LINES = 12;

/** Writes one line to the runtime's log; `failed` where the edge itself broke. */
export function logRequest(level: LogLevel, facts: LogFacts, failed: boolean): void {
  if (!failed && level === 'errors') return;
  const line = JSON.stringify({
    at: new Date().toISOString(),
    level: failed ? 'error' : 'info',
    ...facts,
  });
  if (failed) console.error(line);
  else console.log(line);
}

/** Writes one line for work that belongs to no answer. */
export function logFailure(work: string, error: unknown): void {
  const at = new Date().toISOString();
  console.error(JSON.stringify({ at, level: 'error', work, error: errorLines(error) }));
}

/** An error as a line may hold it: bounded, and without what looks like a credential. */
export function errorLines(error: unknown): ErrorLines {
  if (!(error instanceof Error)) return { name: 'unknown', message: redacted(String(error)), stack: [] };
  const stack = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  return {
    name: error.name,
    message: redacted(
      error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message,
    ),
    stack: stack.slice(0, MAX_STACK_LINES).map((line) => redacted(line.trim())),
  };
}

/** Tokens of this registry, and whatever follows the name of a scheme, as an error of a library might quote them. */
const CREDENTIALS = /\btinc_[\w-]+|\b(Bearer|Basic)\s+\S+/gi;
/** IPv4 with four parts; IPv6 with at least three colons. */
const ADDRESSES = /\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7}\b/gi;

function redacted(text: string): string {
  return text
    .slice(0, MAX_MESSAGE_CHARACTERS)
    .replace(CREDENTIALS, '[credential]')
    .replace(ADDRESSES, '[address]');
}
