// Random well-typed modules in WebAssembly text: structured control flow of every kind that ends by itself.

type Type = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';
const TYPES: readonly Type[] = ['i32', 'i64', 'f32', 'f64', 'v128'];
/** Functions of a module; each calls later ones only, and itself while its second parameter is positive. */
export const RANDOM_FUNCTIONS = 4;
const MAX_TRIPS = 3;
const MAX_LOOP_DEPTH = 3;
const MAX_CALLS = 2;

const UNARY: Readonly<Record<Type, readonly string[]>> = {
  i32: ['clz', 'ctz', 'popcnt', 'eqz', 'extend8_s', 'extend16_s'],
  i64: ['clz', 'popcnt', 'extend32_s'],
  f32: ['abs', 'neg', 'ceil', 'sqrt', 'nearest'],
  f64: ['abs', 'neg', 'floor', 'sqrt', 'trunc'],
  v128: ['i8x16.abs', 'i16x8.neg', 'i32x4.abs', 'v128.not', 'i8x16.popcnt', 'i16x8.extadd_pairwise_i8x16_s'],
};
const INTEGER = ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl', 'div_s', 'rem_u'];
const FLOAT = ['add', 'sub', 'mul', 'div', 'min', 'max', 'copysign'];
const BINARY: Readonly<Record<Type, readonly string[]>> = {
  i32: INTEGER,
  i64: INTEGER,
  f32: FLOAT,
  f64: FLOAT,
  v128: ['i32x4.add', 'i16x8.sub', 'i8x16.swizzle', 'v128.xor', 'i64x2.mul', 'i32x4.max_s', 'i8x16.add_sat_u', 'i8x16.eq'],
}; // biome-ignore format: a table

/** The text of module number `seed`; the same seed gives the same text. */
export function randomModule(seed: number): string {
  const random = new Random(seed);
  const functions = Array.from({ length: RANDOM_FUNCTIONS }, (_, i) => new RandomFunction(random, i).text());
  return `(module
    (type $binary (func (param i32 i32) (result i32)))
    (memory (export "memory") 1 3)
    (table 8 funcref)
    (elem (i32.const 0) ${Array.from({ length: 8 }, (_, i) => `$f${i % RANDOM_FUNCTIONS}`).join(' ')})
    (global $g0 (export "g0") (mut i32) (i32.const 7))
    (global $g1 (export "g1") (mut i64) (i64.const -9))
    (data (i32.const 64) "some bytes that are there from the start")
    (data $passive "bytes that memory.init copies")
    ${functions.join('\n')})`;
}

class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e37_79b1) >>> 0;
  }
  /** An integer from 0 up to `end`, without it. */
  below(end: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * end);
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

class RandomFunction {
  readonly #random: Random;
  readonly #index: number;
  #loops = 0;
  #loopDepth = 0;
  #labels: string[] = [];
  #labelCount = 0;
  #calls = 0;

  constructor(random: Random, index: number) {
    this.#random = random;
    this.#index = index;
  }

  text(): string {
    const body = this.#statements(3);
    const result = this.#expression('i32', 3);
    const counters = Array.from({ length: this.#loops }, (_, i) => `(local $c${i} i32)`).join(' ');
    const locals = TYPES.map((type) => `(local $${type} ${type})`).join(' ');
    return `(func $f${this.#index} (export "f${this.#index}") (type $binary) ${locals} ${counters} ${body} ${result})`;
  }

  #statements(depth: number): string {
    return Array.from({ length: 1 + this.#random.below(3) }, () => this.#statement(depth)).join('\n');
  }

  #statement(depth: number): string {
    const { pick } = { pick: <T>(from: readonly T[]) => this.#random.pick(from) };
    const i32 = (): string => this.#expression('i32', 2);
    const simple = [
      () => this.#set(pick(TYPES)),
      () => this.#store(),
      () => `(global.set $g0 ${i32()})`,
      () => `(global.set $g1 ${this.#expression('i64', 2)})`,
      () => `(memory.fill ${this.#address()} ${i32()} ${this.#length()})`,
      () => `(memory.copy ${this.#address()} ${this.#address()} ${this.#length()})`,
      () => `(memory.init $passive ${this.#address()} (i32.const ${this.#random.below(20)}) (i32.const ${this.#random.below(12)}))`,
      () => `(local.set $i32 (memory.grow (i32.const ${this.#random.below(2)})))`,
      () => `(if ${i32()} (then (return ${i32()})))`,
      () => this.#jump(),
      () => this.#call(),
    ]; // biome-ignore format: one a line
    const nested = [
      () => this.#block(depth),
      () => this.#loop(depth),
      () => this.#loop(depth),
      () => this.#if(depth),
      () => this.#multiValue(depth),
    ];
    return depth > 0 && this.#random.below(3) > 0 ? pick(nested)() : pick(simple)();
  }

  #set(type: Type): string {
    return `(local.set $${type} ${this.#expression(type, 2)})`;
  }

  /** Values that are no numbers become 0 in memory: their bits are the engine's choice. */
  #store(): string {
    const type = this.#random.pick(TYPES);
    const value = this.#expression(type, 2);
    if (type !== 'f32' && type !== 'f64') return `(${type}.store ${this.#address()} ${value})`;
    const held = `(local.tee $${type} ${value})`;
    const number = `(select ${held} (${type}.const 0) (${type}.eq (local.get $${type}) (local.get $${type})))`;
    return `(${type}.store ${this.#address()} ${number})`;
  }

  /** Mostly inside one page, at times near or past its end. */
  #address(): string {
    const mask = this.#random.below(50) === 0 ? 0x1ffff : 0xffff;
    return `(i32.and ${this.#expression('i32', 1)} (i32.const ${mask}))`;
  }

  #length(): string {
    return `(i32.and ${this.#expression('i32', 1)} (i32.const ${this.#random.pick([7, 63, 1023])}))`;
  }

  #labelled(open: (label: string) => string, content: () => string, close: string): string {
    const label = `$l${this.#labelCount++}`;
    this.#labels.push(label);
    const text = content();
    this.#labels.pop();
    return `${open(label)} ${text} ${close}`;
  }

  #block(depth: number): string {
    return this.#labelled(
      (label) => `(block ${label}`,
      () => this.#statements(depth - 1),
      ')',
    );
  }

  #if(depth: number): string {
    const otherwise = this.#random.below(2) === 0 ? '' : `(else ${this.#statements(depth - 1)})`;
    return `(if ${this.#expression('i32', 2)} (then ${this.#statements(depth - 1)}) ${otherwise})`;
  }

  /** Counts its trips; the counter's label is left out of what jumps may name, so that it always ends. */
  #loop(depth: number): string {
    if (this.#loopDepth === MAX_LOOP_DEPTH) return this.#block(depth);
    const counter = `$c${this.#loops++}`;
    const again = `$a${this.#labelCount++}`;
    this.#loopDepth++;
    const body = this.#block(depth);
    this.#loopDepth--;
    const left = `(i32.sub (local.get ${counter}) (i32.const 1))`;
    const next = `(br_if ${again} (local.tee ${counter} ${left}))`;
    const trips = 1 + this.#random.below(MAX_TRIPS);
    return `(local.set ${counter} (i32.const ${trips})) (loop ${again} ${body} ${next})`;
  }

  /** Blocks and loops with parameters and more than one result. */
  #multiValue(depth: number): string {
    const first = this.#expression('i32', 1);
    const second = this.#expression('i64', 1);
    const body = this.#statements(Math.min(depth - 1, 1));
    const kind = this.#random.pick(['block', 'loop']);
    const inner = `(local.set $i64) (local.set $i32) ${body} (local.get $i64) (local.get $i32) (local.get $f32)`;
    return `${first} ${second} (${kind} (param i32 i64) (result i64 i32 f32) ${inner})
      (local.set $f32) (local.set $i32) (local.set $i64)`;
  }

  #jump(): string {
    if (this.#labels.length === 0) return '(nop)';
    const target = this.#random.pick(this.#labels);
    const condition = this.#expression('i32', 1);
    const kind = this.#random.below(4);
    if (kind === 0) return `(if ${condition} (then (br ${target}) (unreachable)))`;
    if (kind === 1) return `(br_if ${target} ${condition})`;
    const targets = Array.from({ length: 1 + this.#random.below(3) }, () => this.#random.pick(this.#labels));
    const table = `(br_table ${targets.join(' ')} ${target} (i32.and ${condition} (i32.const 3)))`;
    return kind === 2
      ? `(if ${condition} (then ${table}))`
      : `(block ${table} (local.set $i32 (i32.const 1)))`;
  }

  #call(): string {
    if (this.#calls === MAX_CALLS || this.#loopDepth > 1) return '(nop)';
    this.#calls++;
    const first = this.#expression('i32', 1);
    const next = this.#index + 1;
    if (next === RANDOM_FUNCTIONS || this.#random.below(4) === 0) {
      const depth = '(i32.sub (i32.and (local.get 1) (i32.const 3)) (i32.const 1))';
      const again = `(then (local.set $i32 (call $f${this.#index} ${first} ${depth})))`;
      return `(if (i32.and (local.get 1) (i32.const 3)) ${again})`;
    }
    const target = next + this.#random.below(RANDOM_FUNCTIONS - next);
    if (this.#random.below(2) === 0) return `(local.set $i32 (call $f${target} ${first} (local.get 1)))`;
    return `(local.set $i32 (call_indirect (type $binary) ${first} (local.get 1) (i32.const ${target})))`;
  }

  #expression(type: Type, depth: number): string {
    const { below } = { below: (end: number) => this.#random.below(end) };
    if (depth === 0 || below(4) === 0) return this.#leaf(type);
    const sub = (of: Type = type): string => this.#expression(of, depth - 1);
    const dot = type === 'v128' ? '' : `${type}.`;
    switch (below(6)) {
      case 0:
        return `(${dot}${this.#random.pick(UNARY[type])} ${sub()})`;
      case 1:
        return `(select ${sub()} ${sub()} ${sub('i32')})`;
      case 2:
        return `(if (result ${type}) ${sub('i32')} (then ${sub()}) (else ${sub()}))`;
      case 3:
        return this.#conversion(type, sub);
      default:
        return `(${dot}${this.#random.pick(BINARY[type])} ${sub()} ${sub()})`;
    }
  }

  #conversion(type: Type, sub: (of: Type) => string): string {
    const converted = (): string => `(f32x4.convert_i32x4_s ${sub('v128')})`;
    const choices: Readonly<Record<Type, readonly (() => string)[]>> = {
      i32: [
        () => `(i32.wrap_i64 ${sub('i64')})`,
        () => `(i32.trunc_sat_f32_s ${sub('f32')})`,
        () => `(i32.lt_s ${sub('i32')} ${sub('i32')})`,
        () => `(f64.le ${sub('f64')} ${sub('f64')})`,
        () => `(i8x16.extract_lane_u ${this.#random.below(16)} ${sub('v128')})`,
        () => `(i16x8.bitmask ${sub('v128')})`,
        () => '(memory.size)',
      ],
      i64: [
        () => `(i64.extend_i32_u ${sub('i32')})`,
        () => `(i64.trunc_sat_f64_u ${sub('f64')})`,
        () => `(i64x2.extract_lane 1 ${sub('v128')})`,
      ],
      f32: [() => `(f32.convert_i32_s ${sub('i32')})`, () => `(f32.demote_f64 ${sub('f64')})`],
      f64: [() => `(f64.convert_i64_u ${sub('i64')})`, () => `(f64.promote_f32 ${sub('f32')})`],
      v128: [
        () => `(i32x4.splat ${sub('i32')})`,
        () => `(i16x8.replace_lane 5 ${sub('v128')} ${sub('i32')})`,
        () => `(i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31 ${sub('v128')} ${sub('v128')})`,
        () => `(f32x4.mul ${converted()} ${converted()})`,
        () => `(f32x4.relaxed_madd ${converted()} ${converted()} ${converted()})`,
        () => `(v128.load32_lane offset=4 2 ${this.#address()} ${sub('v128')})`,
        () => `(v128.load8x8_s ${this.#address()})`,
        () => `(v128.load64_zero ${this.#address()})`,
      ],
    };
    return this.#random.pick(choices[type])();
  }

  #leaf(type: Type): string {
    if (this.#random.below(3) === 0 && type !== 'f32' && type !== 'f64') {
      return `(${type}.load offset=${this.#random.below(9)} (i32.and (local.get 0) (i32.const 0xfff0)))`;
    }
    if (type === 'v128') {
      if (this.#random.below(2)) return '(local.get $v128)';
      return `(v128.const i32x4 ${this.#random.below(9)} -1 0x7fff ${this.#random.below(1e9)})`;
    }
    const names = type === 'i32' ? ['0', '1', '$i32'] : [`$${type}`];
    if (this.#random.below(2)) return `(local.get ${this.#random.pick(names)})`;
    return `(${type}.const ${this.#random.pick([0, 1, -1, 3, 255, -40_000, 2 ** 31 - 1])})`;
  }
}
