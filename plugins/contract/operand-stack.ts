// The stack of operands' types and of the blocks around them, while a function body is checked: the appendix of the WebAssembly
// standard, validation algorithm.
import { MAX_BLOCK_DEPTH, MAX_OPERANDS } from './limits.ts';
import { type FunctionType, spellType, type ValueType } from './value-type.ts';

/** Refuses the operator that is being checked. */
export type Fail = (what: string, expected?: string, found?: string) => never;

export interface Block {
  /** The operator that began it. */
  readonly code: number;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** Operands below it. */
  readonly height: number;
  unreachable: boolean;
}

/** The type of an operand in code that is never reached: any. */
export const UNKNOWN = 0;

export class OperandStack {
  readonly #fail: Fail;
  readonly #operands = new Uint8Array(MAX_OPERANDS);
  #height = 0;
  #blocks: Block[] = [];

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  /** Blocks that are open, the function's own included. */
  get depth(): number {
    return this.#blocks.length;
  }

  /** Forgets everything. */
  clear(): void {
    this.#height = 0;
    this.#blocks = [];
  }

  /** The block `depth` levels out, 0 being the innermost. */
  block(depth: number): Block | undefined {
    return this.#blocks[this.#blocks.length - 1 - depth];
  }

  enter(code: number, { parameters, results }: FunctionType): void {
    if (this.#blocks.length >= MAX_BLOCK_DEPTH)
      this.#fail('blocks are nested too deep', `at most ${MAX_BLOCK_DEPTH}`);
    this.#blocks.push({ code, parameters, results, height: this.#height, unreachable: false });
    this.pushAll(parameters);
  }

  /** Ends the innermost block; its results must be all that is left in it. */
  exit(): Block {
    const block = this.#blocks.at(-1)!;
    this.popAll(block.results);
    if (this.#height !== block.height) {
      this.#fail('operands are left at the end of a block', undefined, String(this.#height - block.height));
    }
    this.#blocks.pop();
    return block;
  }

  /** What follows in this block is never reached. */
  leave(): void {
    const block = this.#blocks.at(-1)!;
    this.#height = block.height;
    block.unreachable = true;
  }

  push(type: number): void {
    if (this.#height >= MAX_OPERANDS) this.#fail('too many operands', `at most ${MAX_OPERANDS}`);
    this.#operands[this.#height++] = type;
  }

  pushAll(types: readonly ValueType[]): void {
    for (const type of types) this.push(type);
  }

  pop(expected: number): number {
    const found = this.#look(0, expected);
    if (this.#height > this.#blocks.at(-1)!.height) this.#height--;
    return found;
  }

  popAll(types: readonly ValueType[]): void {
    for (let i = types.length - 1; i >= 0; i--) this.pop(types[i]!);
  }

  peekAll(types: readonly ValueType[]): void {
    for (let i = 0; i < types.length; i++) this.#look(i, types[types.length - 1 - i]!);
  }

  /** The type of the operand `below` the top one, which must be `expected`. */
  #look(below: number, expected: number): number {
    const block = this.#blocks.at(-1)!;
    const at = this.#height - 1 - below;
    if (at < block.height) {
      if (block.unreachable) return UNKNOWN;
      return this.#fail('an operand is missing', expected === UNKNOWN ? 'one' : spellType(expected), 'none');
    }
    const found = this.#operands[at]!;
    if (found !== expected && found !== UNKNOWN && expected !== UNKNOWN) {
      this.#fail('an operand of the wrong type', spellType(expected), spellType(found));
    }
    return found;
  }
}
