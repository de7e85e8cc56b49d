// Weighted parts of a prompt: `(more)`, `[less]`, `(exactly:1.3)`, in AUTOMATIC1111's grammar.
import { PromptError } from './error.ts';
import { checkPromptLength } from './limits.ts';

/** A stretch of text and the weight of its tokens; `['BREAK', -1]` closes a chunk. */
export type WeightedPart = [text: string, weight: number];

const ROUND_FACTOR = 1.1;
const SQUARE_FACTOR = 1 / 1.1;

/** Brackets open at once; 1.1 to this power is beyond any use, and each one multiplies all the parts inside it. */
export const MAX_ATTENTION_DEPTH = 100;

/** Escaped brackets and backslashes, brackets, an explicit weight with its closing bracket, and stretches of plain text. */
const PIECE = /\\[()[\]\\]|\\|[([]|:\s*([+-]?[.\d]+)\s*\)|[)\]]|[^\\()[\]:]+|:/g;
/** The word alone; the blanks around it are trimmed, since `\s*` in the pattern would try every blank. */
const BREAK = /(?<![\p{L}\p{N}_])BREAK(?![\p{L}\p{N}_])/u;
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;

/**
 * Splits a prompt into weighted parts: (x) × 1.1, [x] ÷ 1.1, (x:1.3) × 1.3, nested ones multiplied, `\(` a bracket itself,
 * unclosed brackets count to the end; neighbours of one weight are joined; an empty prompt is one empty part.
 * Throws `prompt/weight` for a weight such as `1.2.3` and for more than 100 nested brackets, `prompt/too-long` for endless prompts.
 */
export function parseAttention(prompt: string): WeightedPart[] {
  checkPromptLength(prompt);
  const parts: WeightedPart[] = [];
  const round: number[] = [];
  const square: number[] = [];
  const scaleFrom = (start: number, factor: number) => {
    for (let i = start; i < parts.length; i++) parts[i]![1] *= factor;
  };

  for (const [piece, weight] of prompt.matchAll(PIECE)) {
    if (round.length + square.length > MAX_ATTENTION_DEPTH) throw tooDeep();
    if (piece.startsWith('\\')) parts.push([piece.slice(1), 1]);
    else if (piece === '(') round.push(parts.length);
    else if (piece === '[') square.push(parts.length);
    else if (weight !== undefined && round.length > 0) scaleFrom(round.pop()!, readWeight(piece, weight));
    else if (piece === ')' && round.length > 0) scaleFrom(round.pop()!, ROUND_FACTOR);
    else if (piece === ']' && square.length > 0) scaleFrom(square.pop()!, SQUARE_FACTOR);
    else parts.push(...splitAtBreaks(piece));
  }
  for (const start of round) scaleFrom(start, ROUND_FACTOR);
  for (const start of square) scaleFrom(start, SQUARE_FACTOR);
  return joinNeighbours(parts);
}

function readWeight(piece: string, weight: string): number {
  if (DECIMAL.test(weight)) return Number(weight);
  throw new PromptError('prompt/weight', 'the weight of a bracket is not a number', {
    expected: 'such as (word:1.2)',
    found: piece,
  });
}

function tooDeep(): PromptError {
  return new PromptError('prompt/weight', 'brackets are nested too deep', {
    expected: `at most ${MAX_ATTENTION_DEPTH}`,
    fix: 'Close them, write a weight such as (word:1.3), or put a backslash before brackets that are text.',
  });
}

function splitAtBreaks(text: string): WeightedPart[] {
  const stretches = text.split(BREAK);
  return stretches.flatMap((stretch, i): WeightedPart[] => {
    const begun = i === 0 ? stretch : stretch.trimStart();
    const trimmed = i === stretches.length - 1 ? begun : begun.trimEnd();
    return i === 0
      ? [[trimmed, 1]]
      : [
          ['BREAK', -1],
          [trimmed, 1],
        ];
  });
}

function joinNeighbours(parts: readonly WeightedPart[]): WeightedPart[] {
  const joined: WeightedPart[] = [];
  for (const [text, weight] of parts) {
    const last = joined.at(-1);
    if (last !== undefined && last[1] === weight) last[0] += text;
    else joined.push([text, weight]);
  }
  return joined.length === 0 ? [['', 1]] : joined;
}
