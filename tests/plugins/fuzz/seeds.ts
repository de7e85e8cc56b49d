// What mutations begin with: the plugins that we build, plugins in text, and one function for each operator.
import { readdirSync, readFileSync } from 'node:fs';
import { operatorOf } from '../../../plugins/contract/opcodes.ts';
import { validatePlugin } from '../../../plugins/contract/validator.ts';
import { compileCorpus, compileGood } from '../hostile/compile.ts';
import { assemble, bareSections, functionType, leb, list, type Section, sized } from '../module-bytes.ts';
import { compileText, moduleText } from '../module-text.ts';

/** Larger ones make mutations slow and rarely matter. */
const MAX_SEED_BYTES = 40_000;

/** Every seed is a valid plugin. */
export async function seeds(): Promise<Uint8Array[]> {
  const built = new URL('../../../build/plugins/', import.meta.url);
  const plugins = readdirSync(built)
    .filter((file) => file.endsWith('.wasm'))
    .map((file) => new Uint8Array(readFileSync(new URL(file, built))));
  const corpus = (await compileCorpus()).map(({ wasm }) => wasm);
  const all = [...plugins, ...corpus, await compileGood(), await compileText(CONTROL), everyOperator()];
  return all.filter((bytes) => bytes.length <= MAX_SEED_BYTES && isPlugin(bytes));
}

function isPlugin(bytes: Uint8Array): boolean {
  try {
    validatePlugin(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Blocks with parameters and results, branches with operands, tables, tables of branches, segments. */
const CONTROL = moduleText({
  more: `(table 3 8 funcref) (elem (i32.const 1) $two $swap) (data "abc") (data (i32.const 16) "def")
    (global $g (mut f64) (f64.const 1)) (global $c v128 (v128.const i32x4 1 2 3 4)) (global $l (mut i64) (i64.const -5))
    (type $two (func (result i32 i64))) (type $swap (func (param i32 i64) (result i64 i32)))
    (func $two (type $two) (i32.const 1) (i64.const 2))
    (func $swap (type $swap) (local.get 1) (local.get 0))
    (func $blocks (param i32 f32) (result f32) (local i64 v128 f64)
      (block $out (result f32)
        (local.get 1)
        (loop $again (param f32) (result f32)
          (br_if $out (local.get 0))
          (br_if $again (i32.eqz (local.tee 0 (i32.const 0))))
          (if (param f32) (result f32) (local.get 0) (then (f32.neg)) (else (f32.abs) (br 1))))
        (br_table $out 0 $out (i32.const 1)))
      (drop) (call $two) (call $swap) (drop) (local.set 2)
      (block (result i32 i64) (call_indirect (type $two) (i32.const 1)))
      (drop) (drop) (local.set 4 (global.get $g)) (global.set $g (f64.const 2)) (local.set 3 (global.get $c))
      (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop 0)
      (select (f32.const 1) (f32.const 2) (i32.const 0)) (return)
      (unreachable) (select) (drop))`,
});

/** A function for each operator whose types are its own. */
function everyOperator(): Uint8Array<ArrayBuffer> {
  const types = new Map<string, number>();
  const typeEntries: number[][] = [];
  const functions: number[] = [];
  const bodies: number[][] = [];
  const codes = [...Array(0x100).keys(), ...run(0xfc00, 0x0c), ...run(0xfd000, 0x114)];
  const [typeSection, , memory, exported, code] = bareSections() as [
    Section,
    Section,
    Section,
    Section,
    Section,
  ];
  for (const number of codes) {
    const operator = operatorOf(number);
    if (operator?.type === undefined) continue;
    const { pops, pushes } = operator.type;
    const key = `${pops}:${pushes}`;
    if (!types.has(key)) {
      types.set(key, typeEntries.length);
      typeEntries.push(functionType(pops, pushes));
    }
    functions.push(types.get(key)!);
    const operands = pops.flatMap((_, i) => [0x20, i]);
    const start =
      number < 0x100
        ? [number]
        : number < 0xfd000
          ? [0xfc, ...leb(number - 0xfc00)]
          : [0xfd, ...leb(number - 0xfd000)];
    bodies.push([0, ...operands, ...start, ...IMMEDIATES[operator.immediate]!, 0x0b]);
  }
  const bareTypes = 5;
  return assemble([
    {
      id: 1,
      content: [
        ...leb(bareTypes + typeEntries.length),
        ...typeSection.content.slice(1),
        ...typeEntries.flat(),
      ],
    },
    { id: 3, content: sized([0, 1, 2, 3, 4, ...functions.map((type) => type + bareTypes)]) },
    memory,
    exported,
    { id: 12, content: [1] },
    { id: 10, content: [...leb(5 + bodies.length), ...code.content.slice(1), ...bodies.flatMap(sized)] },
    { id: 11, content: list([[1, 0]]) },
  ]);
}

const run = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

/** Immediates that fit. */
const IMMEDIATES: Readonly<Record<string, readonly number[]>> = {
  none: [], access: [0, 0], 'access-lane': [0, 0, 0], memory: [0], 'two-memories': [0, 0], segment: [0], 'segment-memory': [0, 0],
  i32: [0], i64: [0], f32: [0, 0, 0, 0], f64: Array(8).fill(0), v128: Array(16).fill(0), lane: [0], shuffle: Array(16).fill(0),
}; // biome-ignore format: a table
