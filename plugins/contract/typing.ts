// Type-checks function bodies as the appendix of the WebAssembly standard does it: a stack of operands' types and a stack of
// blocks. What passes here every engine compiles, so that a home that may not compile can tell too.
import { readImmediate } from './immediates.ts';
import { MAX_BRANCH_TARGETS, MAX_LOCALS } from './limits.ts';
import { isRelaxedSimd, operatorOf } from './opcodes.ts';
import { type Fail, OperandStack, UNKNOWN } from './operand-stack.ts';
import { hex, type ModuleReader } from './reader.ts';
import { readValueType } from './section-entries.ts';
import { type FunctionType, spellTypes, VALUE_TYPE, type ValueType } from './value-type.ts';

/** What the bodies of a module may refer to. */
export interface Scope {
  readonly types: readonly FunctionType[];
  /** The type's index of each function. */
  readonly functions: readonly number[];
  readonly globals: readonly { readonly type: ValueType; readonly mutable: boolean }[];
  readonly tables: number;
  /** Undefined without a section of the data's count, which the operators on segments need. */
  readonly dataCount: number | undefined;
}

const { i32 } = VALUE_TYPE;

const CODE = {
  unreachable: 0x00, block: 0x02, loop: 0x03, if: 0x04, else: 0x05, end: 0x0b, br: 0x0c, brIf: 0x0d, brTable: 0x0e,
  return: 0x0f, call: 0x10, callIndirect: 0x11, drop: 0x1a, select: 0x1b, localGet: 0x20, localSet: 0x21, localTee: 0x22,
  globalGet: 0x23, globalSet: 0x24,
} as const; // biome-ignore format: a table

const NONE: FunctionType = { parameters: [], results: [] };
const SINGLE: ReadonlyMap<number, FunctionType> = new Map(
  Object.values(VALUE_TYPE).map((type) => [type, { parameters: [], results: [type] }]),
);

/** Checks the bodies of one module, one after the other. */
export class BodyChecker {
  readonly #scope: Scope;
  readonly #reader: ModuleReader;
  readonly #stack: OperandStack;
  #locals: ValueType[] = [];
  /** Where the operator that is being checked begins. */
  #byte = 0;
  #function = 0;
  #relaxedSimd = false;

  constructor(scope: Scope, reader: ModuleReader) {
    this.#scope = scope;
    this.#reader = reader;
    this.#stack = new OperandStack(this.#fail);
  }

  /** Whether any checked body holds an operator of relaxed SIMD. */
  get relaxedSimd(): boolean {
    return this.#relaxedSimd;
  }

  /** Checks the body of function `index`, which takes bytes `start` to `end`. Throws `plugin/invalid`. */
  check(index: number, start: number, end: number): void {
    const reader = this.#reader;
    reader.at = start;
    reader.end = end;
    this.#function = index;
    const type = this.#scope.types[this.#scope.functions[index]!]!;
    this.#locals = [...type.parameters];
    this.#readLocals();
    this.#stack.clear();
    this.#stack.enter(CODE.block, { parameters: [], results: type.results });
    while (this.#stack.depth > 0) {
      this.#byte = reader.at;
      const code = this.#readCode();
      const operator = operatorOf(code);
      if (operator === undefined) this.#fail('an operator that plugins may not use', undefined, hex(code));
      if (operator.type === undefined) {
        this.#special(code);
      } else {
        readImmediate(reader, operator, this.#scope.dataCount, this.#fail);
        this.#stack.popAll(operator.type.pops);
        this.#stack.pushAll(operator.type.pushes);
        this.#relaxedSimd ||= isRelaxedSimd(code);
      }
    }
    if (reader.at !== end) reader.refuse(`function ${index}: bytes after its end`);
  }

  readonly #fail: Fail = (what, expected, found) =>
    this.#reader.refuse(`function ${this.#function}: ${what}`, expected, found, this.#byte);

  #readLocals(): void {
    const reader = this.#reader;
    let declared = 0;
    for (let groups = reader.capped(MAX_LOCALS, 'groups of locals'); groups > 0; groups--) {
      const at = reader.at;
      const count = reader.number();
      declared += count;
      if (declared > MAX_LOCALS)
        reader.refuse('too many locals', `at most ${MAX_LOCALS}`, String(declared), at);
      const type = readValueType(reader);
      for (let i = 0; i < count; i++) this.#locals.push(type);
    }
  }

  #readCode(): number {
    const first = this.#reader.byte();
    if (first !== 0xfc && first !== 0xfd) return first;
    const number = this.#reader.number();
    // A number beyond the prefix's own range must not pass for another operator.
    if (number > 0xfff)
      this.#fail('an operator that plugins may not use', undefined, `${hex(first)} ${hex(number)}`);
    return first === 0xfc ? Math.min(0xfc00 + number, 0xfcff) : 0xfd000 + number;
  }

  /** Operators whose types depend on the module or on the blocks around them. */
  #special(code: number): void {
    switch (code) {
      case CODE.unreachable:
        this.#stack.leave();
        return;
      case CODE.block:
      case CODE.loop:
      case CODE.if: {
        const type = this.#blockType();
        if (code === CODE.if) this.#stack.pop(i32);
        this.#stack.popAll(type.parameters);
        this.#stack.enter(code, type);
        return;
      }
      case CODE.else: {
        const block = this.#stack.exit();
        if (block.code !== CODE.if) this.#fail('else without if');
        this.#stack.enter(CODE.else, block);
        return;
      }
      case CODE.end: {
        const block = this.#stack.exit();
        if (block.code === CODE.if && !same(block.parameters, block.results)) {
          this.#fail('if without else', spellTypes(block.results), spellTypes(block.parameters));
        }
        this.#stack.pushAll(block.results);
        return;
      }
      case CODE.br:
        this.#stack.popAll(this.#label());
        this.#stack.leave();
        return;
      case CODE.brIf: {
        const types = this.#label();
        this.#stack.pop(i32);
        this.#stack.popAll(types);
        this.#stack.pushAll(types);
        return;
      }
      case CODE.brTable:
        this.#branchTable();
        return;
      case CODE.return:
        this.#stack.popAll(this.#stack.block(this.#stack.depth - 1)!.results);
        this.#stack.leave();
        return;
      case CODE.call:
        this.#apply(this.#scope.types[this.#entry(this.#scope.functions, 'function')]!);
        return;
      case CODE.callIndirect: {
        const type = this.#entry(this.#scope.types, 'type');
        const table = this.#reader.number();
        if (table >= this.#scope.tables) this.#fail('a table that is not there', undefined, String(table));
        this.#stack.pop(i32);
        this.#apply(type);
        return;
      }
      case CODE.drop:
        this.#stack.pop(UNKNOWN);
        return;
      case CODE.select: {
        this.#stack.pop(i32);
        const second = this.#stack.pop(UNKNOWN);
        const first = this.#stack.pop(second);
        this.#stack.push(first === UNKNOWN ? second : first);
        return;
      }
      case CODE.localGet:
        this.#stack.push(this.#entry(this.#locals, 'local'));
        return;
      case CODE.localSet:
        this.#stack.pop(this.#entry(this.#locals, 'local'));
        return;
      case CODE.localTee: {
        const type = this.#entry(this.#locals, 'local');
        this.#stack.pop(type);
        this.#stack.push(type);
        return;
      }
      case CODE.globalGet:
        this.#stack.push(this.#entry(this.#scope.globals, 'global').type);
        return;
      case CODE.globalSet: {
        const { type, mutable } = this.#entry(this.#scope.globals, 'global');
        if (!mutable) this.#fail('a constant global is set');
        this.#stack.pop(type);
        return;
      }
    }
  }

  #apply({ parameters, results }: FunctionType): void {
    this.#stack.popAll(parameters);
    this.#stack.pushAll(results);
  }

  /** Reads an index into `list`. */
  #entry<T>(list: readonly T[], noun: string): T {
    const index = this.#reader.number();
    if (index >= list.length)
      this.#fail(`a ${noun} that is not there`, `below ${list.length}`, String(index));
    return list[index]!;
  }

  #blockType(): FunctionType {
    const reader = this.#reader;
    const code = reader.at < reader.end ? reader.bytes[reader.at]! : 0;
    const simple = code === 0x40 ? NONE : SINGLE.get(code);
    if (simple !== undefined) {
      reader.at++;
      return simple;
    }
    const index = reader.signed(33);
    const type = index < 0 ? undefined : this.#scope.types[index];
    if (type === undefined)
      this.#fail('a block has a type that is not there', undefined, index < 0 ? hex(code) : String(index));
    return type;
  }

  /** Reads a label; gives the types that a branch to it takes. */
  #label(): readonly ValueType[] {
    const depth = this.#reader.number();
    const block = this.#stack.block(depth);
    if (block === undefined)
      this.#fail('a label that is not there', `below ${this.#stack.depth}`, String(depth));
    return block.code === CODE.loop ? block.parameters : block.results;
  }

  #branchTable(): void {
    this.#stack.pop(i32);
    const targets = this.#reader.capped(MAX_BRANCH_TARGETS, 'targets of a branch');
    let last: readonly ValueType[] | undefined;
    for (let i = 0; i <= targets; i++) {
      const types = this.#label();
      if (types === last) continue;
      if (last !== undefined && types.length !== last.length) {
        this.#fail('targets of a branch take different operands', spellTypes(last), spellTypes(types));
      }
      this.#stack.peekAll(types);
      last = types;
    }
    this.#stack.leave();
  }
}

function same(first: readonly ValueType[], second: readonly ValueType[]): boolean {
  return first.length === second.length && first.every((type, i) => type === second[i]);
}
