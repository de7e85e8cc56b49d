// Prompts that change while a picture is drawn: `[from:to:when]`, `[to:when]`, `[from::when]` and `[a|b]`.
import { MAX_ATTENTION_DEPTH } from './attention.ts';
import { PromptError } from './error.ts';
import { checkPromptLength } from './limits.ts';

/** A text, and the last of the network's runs, numbered from 0, that reads it. */
export interface PromptVersion {
  readonly until: number;
  readonly text: string;
}

/** What came before the network's runs that versions are made for: a first pass has runs, and shares of its own. */
export interface Before {
  readonly passes: number;
  readonly runs: number;
}

const NOTHING_BEFORE: Before = { passes: 0, runs: 0 };

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'brackets'; readonly open: string; readonly inside: readonly Node[]; readonly close: string }
  | { readonly kind: 'switch'; readonly before: readonly Node[]; readonly after: readonly Node[]; readonly when: number }
  | { readonly kind: 'turns'; readonly options: readonly (readonly Node[])[] }; // biome-ignore format: a table

const NUMBER = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i;

/**
 * The versions of a prompt over `runs` runs of the network, in order; the last is read to the end. Where `when` is no whole
 * number it is a share of the runs, else a run's number; in a second pass both count on, so that 1.5 is the middle of it. As in AUTOMATIC1111's web UI, brackets that close nothing are text, and a stray `|` or a
 * backslash at the end makes the whole prompt plain text. Throws `prompt/weight` for brackets nested too deep.
 */
export function promptVersions(
  prompt: string,
  runs: number,
  before: Before = NOTHING_BEFORE,
): PromptVersion[] {
  checkPromptLength(prompt);
  const nodes = /\[[\s\S]*[:|]/.test(prompt) ? new Parser(prompt).all() : undefined;
  if (nodes === undefined) return [{ until: runs, text: prompt }];
  const ends = new Set([runs]);
  const runOf: RunOf = (when) => {
    const own = Number.isInteger(when) ? when - before.runs : (when - before.passes) * runs;
    return Math.min(runs, Math.trunc(own));
  };
  collectEnds(nodes, runs, ends, runOf);
  return [...ends].sort((a, b) => a - b).map((until) => ({ until, text: textAt(nodes, until, runOf) }));
}

/** Which of the versions run number `run`, from 0, reads. */
export function versionAt(versions: readonly PromptVersion[], run: number): number {
  const found = versions.findIndex(({ until }) => run <= until);
  return found === -1 ? versions.length - 1 : found;
}

/** The run that `when` means, 0 and less for never. */
type RunOf = (when: number) => number;

function collectEnds(nodes: readonly Node[], runs: number, ends: Set<number>, runOf: RunOf): void {
  for (const node of nodes) {
    if (node.kind === 'brackets') collectEnds(node.inside, runs, ends, runOf);
    if (node.kind === 'switch') {
      const end = runOf(node.when);
      if (end >= 1) ends.add(end);
      collectEnds(node.before, runs, ends, runOf);
      collectEnds(node.after, runs, ends, runOf);
    }
    if (node.kind === 'turns') {
      for (let run = 1; run <= runs; run++) ends.add(run);
      for (const option of node.options) collectEnds(option, runs, ends, runOf);
    }
  }
}

function textAt(nodes: readonly Node[], run: number, runOf: RunOf): string {
  let text = '';
  for (const node of nodes) {
    if (node.kind === 'text') text += node.text;
    else if (node.kind === 'brackets') text += node.open + textAt(node.inside, run, runOf) + node.close;
    else if (node.kind === 'turns')
      text += textAt(node.options[(run - 1) % node.options.length]!, run, runOf);
    else text += textAt(run <= runOf(node.when) ? node.before : node.after, run, runOf);
  }
  return text;
}

/** A node and where the text goes on behind it. */
interface Parsed {
  readonly node: Node;
  readonly end: number;
}

/** Recursive descent; a bracket that begins no group is tried once only, so the time is linear. */
class Parser {
  readonly #text: string;
  readonly #groups = new Map<number, Parsed | undefined>();
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The whole prompt; undefined where it is to be read as plain text. */
  all(): readonly Node[] | undefined {
    const nodes: Node[] = [];
    for (let at = 0; at < this.#text.length; ) {
      const [sequence, end] = this.#sequence(at);
      nodes.push(...sequence);
      if (end === this.#text.length) break;
      const stray = this.#text[end]!;
      if (stray === '|' || stray === '\\') return undefined;
      nodes.push({ kind: 'text', text: stray });
      at = end + 1;
    }
    return nodes;
  }

  /** Texts and groups from `at` up to a character that is neither; gives its place. */
  #sequence(from: number): [nodes: Node[], end: number] {
    const nodes: Node[] = [];
    let at = from;
    while (at < this.#text.length) {
      const plain = /(?:[^\\[\]():|]|\\[\s\S])+/y;
      plain.lastIndex = at;
      const [text] = plain.exec(this.#text) ?? [];
      if (text !== undefined) {
        nodes.push({ kind: 'text', text });
        at += text.length;
        continue;
      }
      const group = this.#group(at);
      if (group === undefined) break;
      nodes.push(group.node);
      at = group.end;
    }
    return [nodes, at];
  }

  #group(at: number): Parsed | undefined {
    if (this.#groups.has(at)) return this.#groups.get(at);
    if (++this.#depth > MAX_ATTENTION_DEPTH) {
      throw new PromptError('prompt/weight', 'brackets are nested too deep', {
        expected: `at most ${MAX_ATTENTION_DEPTH}`,
        fix: 'Close them, or put a backslash before brackets that are text.',
      });
    }
    const open = this.#text[at];
    const group = open === '(' ? this.#round(at) : open === '[' ? this.#square(at) : undefined;
    this.#depth--;
    this.#groups.set(at, group);
    return group;
  }

  /** `(…)` or `(…:…)`: weights, which stay text. */
  #round(at: number): Parsed | undefined {
    const [first, colon] = this.#sequence(at + 1);
    const inside = [...first];
    let end = colon;
    if (this.#text[colon] === ':') {
      const [second, after] = this.#sequence(colon + 1);
      inside.push({ kind: 'text', text: ':' }, ...second);
      end = after;
    }
    if (this.#text[end] !== ')') return undefined;
    return { node: { kind: 'brackets', open: '(', inside, close: ')' }, end: end + 1 };
  }

  #square(at: number): Parsed | undefined {
    const parts: Node[][] = [];
    let separator: string | undefined;
    let start = at + 1;
    for (;;) {
      const [nodes, end] = this.#sequence(start);
      parts.push(nodes);
      const next = this.#text[end];
      if (next === ']') {
        const node = squareNode(separator, parts, this.#text.slice(start, end));
        return node && { node, end: end + 1 };
      }
      if ((next !== ':' && next !== '|') || (separator ?? next) !== next) return undefined;
      separator = next;
      start = end + 1;
    }
  }
}

/** What `[…]` means, by what divides it; `last` is the text of its last part. */
function squareNode(
  separator: string | undefined,
  parts: readonly (readonly Node[])[],
  last: string,
): Node | undefined {
  if (separator === undefined) return { kind: 'brackets', open: '[', inside: parts[0]!, close: ']' };
  if (separator === '|') return { kind: 'turns', options: parts };
  if (parts.length > 3 || !NUMBER.test(last)) return undefined;
  const [before, after] = parts.length === 3 ? [parts[0]!, parts[1]!] : [[], parts[0]!];
  return { kind: 'switch', before, after, when: Number(last) };
}
