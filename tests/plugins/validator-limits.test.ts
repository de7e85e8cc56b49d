// The validator's limits: what is above each is refused, and what is just below is not.
import { beforeAll, expect, test } from 'vitest';
import {
  MAX_BLOCK_DEPTH,
  MAX_BRANCH_TARGETS,
  MAX_CUSTOM_SECTIONS,
  MAX_EXPORTS,
  MAX_FUNCTION_BYTES,
  MAX_FUNCTIONS,
  MAX_GLOBALS,
  MAX_LOCALS,
  MAX_MODULE_BYTES,
  MAX_NAME_BYTES,
  MAX_OPERANDS,
  MAX_PARAMETERS,
  MAX_SEGMENTS,
  MAX_TABLE_ENTRIES,
  MAX_TYPES,
} from '../../plugins/contract/limits.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import { assemble, bareSections, bareWith, bareWithBody, leb, word } from './module-bytes.ts';
import { compileText, moduleText } from './module-text.ts';

/** The error of this module, or undefined. Anything but a PluginError fails the test. */
function errorOf(bytes: Uint8Array): PluginError | undefined {
  try {
    validatePlugin(bytes, { name: 'm.wasm' });
    return undefined;
  } catch (error) {
    if (error instanceof PluginError) return error;
    throw error;
  }
}

async function refusal(text: string): Promise<string> {
  return errorOf(await compileText(text, false))?.message ?? 'accepted';
}

const more = (field: string): string => moduleText({ more: field });
const repeat = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join('');

let good: Uint8Array;
beforeAll(async () => {
  good = await compileText(moduleText());
});

test('what is above a cap', async () => {
  expect(await refusal(more(repeat(MAX_FUNCTIONS, () => '(func)')))).toContain('too many function entries');
  expect(await refusal(more(repeat(MAX_GLOBALS, () => '(global i32 (i32.const 0))')))).toContain(
    'global entries',
  );
  expect(await refusal(more(repeat(MAX_EXPORTS, (i) => `(func (export "f${i}"))`)))).toContain(
    'export entries',
  );
  expect(await refusal(more(repeat(MAX_SEGMENTS + 1, () => '(data "")')))).toContain('data entries');
  expect(await refusal(more(`(table ${MAX_TABLE_ENTRIES + 1} funcref)`))).toContain('the table is too large');
  expect(await refusal(more('(table 1 funcref) (table 1 funcref)'))).toContain('table entries');
  expect(await refusal(more(`(func (local ${'i32 '.repeat(MAX_LOCALS + 1)}))`))).toContain('too many locals');
  expect(await refusal(more(`(func (param ${'i32 '.repeat(MAX_PARAMETERS + 1)}))`))).toContain('parameters');
  expect(await refusal(more(`(func ${'nop '.repeat(MAX_FUNCTION_BYTES)})`))).toContain(
    'a function is too long',
  );
  const types = repeat(
    MAX_TYPES + 1,
    (i) => `(type (func (param ${(i + 1024).toString(2).replace(/0/g, 'i32 ').replace(/1/g, 'i64 ')})))`,
  );
  expect(await refusal(more(types))).toContain('type entries');
  const large = new Uint8Array(MAX_MODULE_BYTES + 1);
  large.set(good);
  expect(errorOf(large)?.message).toContain('the module is too large');
});

test('exactly what is above a cap of depth, operands, targets, names, sections', () => {
  const repeated = (count: number, ...bytes: readonly number[]): number[] =>
    Array.from({ length: count }, () => bytes).flat();
  const zero = [0x41, 0];
  const nested = (depth: number): Uint8Array =>
    bareWithBody([0, ...repeated(depth, 0x02, 0x40), ...repeated(depth, 0x0b), ...zero, 0x0b]);
  // The function itself is the outermost block.
  expect(errorOf(nested(MAX_BLOCK_DEPTH - 1))).toBeUndefined();
  expect(errorOf(nested(MAX_BLOCK_DEPTH))?.message).toContain('blocks are nested too deep');
  const waiting = (count: number): Uint8Array =>
    bareWithBody([0, ...repeated(count, ...zero), ...repeated(count - 1, 0x6a), 0x0b]);
  expect(errorOf(waiting(MAX_OPERANDS))).toBeUndefined();
  expect(errorOf(waiting(MAX_OPERANDS + 1))?.message).toContain('too many operands');
  const branching = (targets: number): Uint8Array =>
    bareWithBody([
      0,
      0x02,
      0x40,
      ...zero,
      0x0e,
      ...leb(targets),
      ...repeated(targets + 1, 0),
      0x0b,
      ...zero,
      0x0b,
    ]);
  expect(errorOf(branching(MAX_BRANCH_TARGETS))).toBeUndefined();
  expect(errorOf(branching(MAX_BRANCH_TARGETS + 1))?.message).toContain('too many targets of a branch');
  const exporting = (length: number): Uint8Array => {
    const { content } = bareSections().find(({ id }) => id === 7)!;
    return bareWith({ id: 7, content: [7, ...content.slice(1), ...word('a'.repeat(length)), 0, 0] });
  };
  expect(errorOf(exporting(MAX_NAME_BYTES))).toBeUndefined();
  expect(errorOf(exporting(MAX_NAME_BYTES + 1))?.message).toContain('a name is too long');
  const customs = (count: number): Uint8Array => assemble(bareSections(), repeated(count, 0, 1, 0));
  expect(errorOf(customs(MAX_CUSTOM_SECTIONS))).toBeUndefined();
  expect(errorOf(customs(MAX_CUSTOM_SECTIONS + 1))?.message).toContain('too many custom sections');
  expect(errorOf(bareWith({ id: 12, content: leb(MAX_SEGMENTS + 1) }))?.message).toContain('data segments');
});

test('numbers: padded ones are read, longer ones and unused bits are not, as engines do', () => {
  const constants: readonly (readonly [readonly number[], boolean])[] = [
    [[0x41, 0x80, 0x80, 0x80, 0x80, 0x00], true],
    [[0x41, 0xff, 0xff, 0xff, 0xff, 0x7f], true],
    [[0x41, 0x80, 0x80, 0x80, 0x80, 0x78], true],
    [[0x41, 0x80, 0x80, 0x80, 0x80, 0x08], false],
    [[0x41, 0x80, 0x80, 0x80, 0x80, 0x70], false],
    [[0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], false],
    [[0x42, ...Array.from({ length: 9 }, () => 0x80), 0x7f, 0xa7], true],
    [[0x42, ...Array.from({ length: 9 }, () => 0xff), 0x00, 0xa7], true],
    [[0x42, ...Array.from({ length: 9 }, () => 0x80), 0x01, 0xa7], false],
    [[0x42, ...Array.from({ length: 9 }, () => 0x80), 0x7e, 0xa7], false],
  ];
  for (const [operators, good] of constants) {
    const bytes = bareWithBody([0, ...operators, 0x0b]);
    expect(errorOf(bytes) === undefined, operators.join()).toBe(good);
    expect(WebAssembly.validate(bytes)).toBe(good);
  }
});
