// A restricted unpickler: builds plain values, calls nothing, and refuses every name that is not allowed.
import { FormatError, type FormatErrorKind } from './errors.ts';
import { OP } from './pickle-opcodes.ts';
import { PickleReader } from './pickle-reader.ts';
import { checkShape } from './pickle-shape.ts';
import { PickledGlobal, type PickleValue } from './pickle-value.ts';

/** Every opcode takes a byte at least; 2²² of them are ten times those of the largest checkpoint. */
export const MAX_OPCODES = 2 ** 22;

/** What the pickle may name and what becomes of it. */
export interface PickleRules {
  /** File and part, for errors. */
  readonly where: string;
  /** Allow-list. Each builder makes a value from arguments; it throws FormatError when they do not fit. */
  readonly globals: ReadonlyMap<string, (args: readonly PickleValue[], where: string) => PickleValue>;
  /** Gives a value its state (BUILD); absent means refused. */
  readonly build: (target: PickleValue, state: PickleValue, where: string) => void;
  /** Resolves a persistent id. */
  readonly persistent: (id: PickleValue, where: string) => PickleValue;
}

export interface Unpickled {
  readonly value: PickleValue;
  /** First byte after the pickle. */
  readonly end: number;
}

/**
 * Reads one pickle (protocols 2 to 5) that starts at `start`. Throws `format/refused` with the name of any global
 * outside the rules, `format/truncated` where the bytes end, `format/too-large` above the caps, `format/invalid` or
 * `format/unsupported` for all else.
 */
export function unpickle(bytes: Uint8Array<ArrayBuffer>, start: number, rules: PickleRules): Unpickled {
  const reader = new PickleReader(bytes, start, rules.where);
  const value = new Machine(reader, rules).run();
  checkShape(value, rules.where);
  return { value, end: reader.position };
}

/** The globals' table key for a module and a name. */
function globalName(module: string, name: string): string {
  return `${module}.${name}`;
}

class Machine {
  readonly #reader: PickleReader;
  readonly #rules: PickleRules;
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(reader: PickleReader, rules: PickleRules) {
    this.#reader = reader;
    this.#rules = rules;
  }

  run(): PickleValue {
    for (let count = 0; count < MAX_OPCODES; count++) {
      const at = this.#reader.position;
      const opcode = this.#reader.byte();
      if (opcode === OP.STOP) return this.#pop(at);
      this.#step(opcode, at);
    }
    throw this.#error('too-large', this.#reader.position, `the pickle has more than ${MAX_OPCODES} opcodes`);
  }

  #step(opcode: number, at: number): void {
    const stack = this.#stack;
    switch (opcode) {
      case OP.PROTO: {
        const protocol = this.#reader.byte();
        if (protocol < 2 || protocol > 5) throw this.#error('unsupported', at, `pickle protocol ${protocol}`);
        return;
      }
      case OP.FRAME:
        this.#reader.take(8);
        return;
      case OP.MARK:
        this.#marks.push(stack.length);
        return;
      case OP.POP:
        if (this.#marks.at(-1) === stack.length) this.#marks.pop();
        else this.#pop(at);
        return;
      case OP.POP_MARK:
        this.#popMark(at);
        return;
      case OP.NONE:
        stack.push(null);
        return;
      case OP.NEWTRUE:
        stack.push(true);
        return;
      case OP.NEWFALSE:
        stack.push(false);
        return;
      case OP.BININT:
        stack.push(this.#reader.int32());
        return;
      case OP.BININT1:
        stack.push(this.#reader.byte());
        return;
      case OP.BININT2:
        stack.push(this.#reader.uint16());
        return;
      case OP.LONG1:
        stack.push(this.#reader.integer(this.#reader.byte()));
        return;
      case OP.BINFLOAT:
        stack.push(this.#reader.float64());
        return;
      case OP.SHORT_BINUNICODE:
        stack.push(this.#reader.text(this.#reader.byte()));
        return;
      case OP.BINUNICODE:
        stack.push(this.#reader.text(this.#reader.uint32()));
        return;
      case OP.BINUNICODE8:
        stack.push(this.#reader.text(this.#reader.length8()));
        return;
      case OP.SHORT_BINSTRING:
        stack.push(this.#reader.latin1(this.#reader.byte()));
        return;
      case OP.BINSTRING:
        stack.push(this.#reader.latin1(this.#reader.uint32()));
        return;
      case OP.SHORT_BINBYTES:
        stack.push(this.#reader.slice(this.#reader.byte()));
        return;
      case OP.BINBYTES:
        stack.push(this.#reader.slice(this.#reader.uint32()));
        return;
      case OP.EMPTY_DICT:
        stack.push(new Map());
        return;
      case OP.EMPTY_LIST:
      case OP.EMPTY_TUPLE:
        stack.push([]);
        return;
      case OP.TUPLE:
      case OP.LIST:
        stack.push(this.#popMark(at));
        return;
      case OP.TUPLE1:
      case OP.TUPLE2:
      case OP.TUPLE3:
        stack.push(this.#popMany(opcode - OP.TUPLE1 + 1, at));
        return;
      case OP.DICT: {
        const map = new Map<PickleValue, PickleValue>();
        this.#setItems(map, this.#popMark(at), at);
        stack.push(map);
        return;
      }
      case OP.APPEND: {
        const [item] = this.#popMany(1, at);
        this.#list(at).push(item!);
        return;
      }
      case OP.APPENDS: {
        const items = this.#popMark(at);
        const list = this.#list(at);
        for (const item of items) list.push(item);
        return;
      }
      case OP.SETITEM: {
        const items = this.#popMany(2, at);
        this.#setItems(this.#peek(at), items, at);
        return;
      }
      case OP.SETITEMS: {
        const items = this.#popMark(at);
        this.#setItems(this.#peek(at), items, at);
        return;
      }
      case OP.BINPUT:
        this.#memo.set(this.#reader.byte(), this.#peek(at));
        return;
      case OP.LONG_BINPUT:
        this.#memo.set(this.#reader.uint32(), this.#peek(at));
        return;
      case OP.MEMOIZE:
        this.#memo.set(this.#memo.size, this.#peek(at));
        return;
      case OP.BINGET:
        stack.push(this.#recall(this.#reader.byte(), at));
        return;
      case OP.LONG_BINGET:
        stack.push(this.#recall(this.#reader.uint32(), at));
        return;
      case OP.GLOBAL:
        stack.push(this.#global(this.#reader.line(), this.#reader.line(), at));
        return;
      case OP.STACK_GLOBAL: {
        const [module, name] = this.#popMany(2, at);
        if (typeof module !== 'string' || typeof name !== 'string') {
          throw this.#error('invalid', at, 'a global whose name is no text');
        }
        stack.push(this.#global(module, name, at));
        return;
      }
      case OP.REDUCE:
      case OP.NEWOBJ: {
        const [callable, args] = this.#popMany(2, at);
        const builder =
          callable instanceof PickledGlobal ? this.#rules.globals.get(callable.name) : undefined;
        if (builder === undefined)
          throw this.#error('refused', at, 'a call of something that is no allowed global');
        if (!Array.isArray(args)) throw this.#error('invalid', at, 'a call without arguments');
        stack.push(builder(args, this.#place(at)));
        return;
      }
      case OP.BUILD: {
        const [state] = this.#popMany(1, at);
        this.#rules.build(this.#peek(at), state!, this.#place(at));
        return;
      }
      case OP.BINPERSID:
        stack.push(this.#rules.persistent(this.#pop(at), this.#place(at)));
        return;
      default: {
        const code = opcode.toString(16).padStart(2, '0');
        throw this.#error('unsupported', at, `opcode 0x${code}, which torch's files never use`);
      }
    }
  }

  #global(module: string, name: string, at: number): PickledGlobal {
    const full = globalName(module, name);
    if (this.#rules.globals.has(full)) return new PickledGlobal(full);
    throw new FormatError(
      'refused',
      `the pickle names ${JSON.stringify(full.slice(0, 200))}, which is not allowed`,
      {
        where: this.#place(at),
        fix: 'Such a file can run any program on the machine of whoever loads it. Nothing of it was run here; do not load it elsewhere.',
      },
    );
  }

  #setItems(target: PickleValue, items: readonly PickleValue[], at: number): void {
    if (!(target instanceof Map))
      throw this.#error('invalid', at, 'items for something that is no dictionary');
    if (items.length % 2 !== 0) throw this.#error('invalid', at, 'a dictionary key without a value');
    for (let i = 0; i < items.length; i += 2) target.set(items[i]!, items[i + 1]!);
  }

  #list(at: number): PickleValue[] {
    const target = this.#peek(at);
    if (!Array.isArray(target)) throw this.#error('invalid', at, 'items for something that is no list');
    return target;
  }

  #recall(key: number, at: number): PickleValue {
    const value = this.#memo.get(key);
    if (value === undefined) throw this.#error('invalid', at, `memo ${key} is empty`);
    return value;
  }

  #peek(at: number): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || this.#marks.at(-1) === this.#stack.length) {
      throw this.#error('invalid', at, 'the stack is empty');
    }
    return value;
  }

  #pop(at: number): PickleValue {
    const value = this.#peek(at);
    this.#stack.pop();
    return value;
  }

  #popMany(count: number, at: number): PickleValue[] {
    if (this.#stack.length - (this.#marks.at(-1) ?? 0) < count)
      throw this.#error('invalid', at, 'the stack is empty');
    return this.#stack.splice(this.#stack.length - count, count);
  }

  #popMark(at: number): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#error('invalid', at, 'no mark on the stack');
    return this.#stack.splice(mark);
  }

  #place(at: number): string {
    return `${this.#rules.where}, byte ${at}`;
  }

  #error(kind: FormatErrorKind, at: number, what: string): FormatError {
    return new FormatError(kind, what, { where: this.#place(at) });
  }
}
