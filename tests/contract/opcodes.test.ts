// The table of operators against the engine: each takes and gives what the table says, and none is left out by mistake.
import { expect, test } from 'vitest';
import { isRelaxedSimd, type Operator, operatorOf } from '../../plugins/contract/opcodes.ts';
import { assemble, functionType, leb, list, sized } from '../plugins/module-bytes.ts';

const V128 = 0x7b;
const CODES: readonly number[] = [...run(0, 0x100), ...run(0xfc00, 0x20), ...run(0xfd000, 0x140)];

function run(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

function spell(code: number): number[] {
  if (code < 0x100) return [code];
  return code < 0xfd000 ? [0xfc, ...leb(code - 0xfc00)] : [0xfd, ...leb(code - 0xfd000)];
}

/** The greatest immediates that fit; `beyond` goes one further in those that have a bound. */
function immediates({ immediate, bound }: Operator, beyond = 0): readonly number[] {
  const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
  switch (immediate) {
    case 'access':
      return [bound + beyond, 0];
    case 'access-lane':
      return [bound + beyond, 0, (16 >> bound) - 1];
    case 'lane':
      return [bound - 1 + beyond];
    case 'shuffle':
      return Array.from({ length: 16 }, () => 31 + beyond);
    case 'two-memories':
    case 'segment-memory':
      return [0, beyond];
    case 'memory':
    case 'segment':
      return [beyond];
    case 'f32':
      return zeros(4);
    case 'f64':
      return zeros(8);
    case 'v128':
      return zeros(16);
    case 'i32':
    case 'i64':
      return [0];
    default:
      return [];
  }
}

/** Whether the engine takes a function of these types whose body is the operator on its parameters. */
function engineTakes(
  pops: readonly number[],
  pushes: readonly number[],
  operator: readonly number[],
): boolean {
  const body = [0, ...pops.flatMap((_, i) => [0x20, i]), ...operator, 0x0b];
  return WebAssembly.validate(
    assemble([
      { id: 1, content: list([functionType(pops, pushes)]) },
      { id: 3, content: [1, 0] },
      { id: 5, content: [1, 1, 1, 1] },
      { id: 12, content: [1] },
      { id: 10, content: list([sized(body)]) },
      { id: 11, content: list([[1, 0]]) },
    ]),
  );
}

test('every operator has the types and bounds of the table', () => {
  let typed = 0;
  for (const code of CODES) {
    const operator = operatorOf(code);
    if (operator?.type === undefined) continue;
    const { pops, pushes } = operator.type;
    const name = `0x${code.toString(16)}`;
    typed++;
    expect(engineTakes(pops, pushes, [...spell(code), ...immediates(operator)]), name).toBe(true);
    const bounded = [
      'access',
      'access-lane',
      'lane',
      'shuffle',
      'memory',
      'two-memories',
      'segment',
      'segment-memory',
    ];
    if (bounded.includes(operator.immediate)) {
      expect(engineTakes(pops, pushes, [...spell(code), ...immediates(operator, 1)]), name).toBe(false);
    }
    // Another result than the table's is another operator's.
    expect(engineTakes(pops, [...pushes, 0x7f], [...spell(code), ...immediates(operator)]), name).toBe(false);
  }
  expect(typed).toBe(426);
});

test('no vector operator that the engine knows is missing', () => {
  const shapes: readonly (readonly [readonly number[], readonly number[]])[] = [
    [[V128], [V128]],
    [[V128, V128], [V128]],
    [[V128, V128, V128], [V128]],
    [[V128], [0x7f]],
    [[V128, 0x7f], [V128]],
  ];
  for (const code of run(0xfd000, 0x114)) {
    if (operatorOf(code) !== undefined) continue;
    for (const [pops, pushes] of shapes) {
      expect(engineTakes(pops, pushes, spell(code)), `0x${code.toString(16)}`).toBe(false);
    }
  }
});

test('relaxed SIMD is told apart', () => {
  expect(CODES.filter(isRelaxedSimd)).toEqual(run(0xfd100, 0x14));
  expect(CODES.filter(isRelaxedSimd).every((code) => operatorOf(code) !== undefined)).toBe(true);
  expect(operatorOf(0xfd114)).toBeUndefined();
});
