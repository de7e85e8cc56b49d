// The types of values that plugins may use, by their codes in the binary format, and functions' types.

export const VALUE_TYPE = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = (typeof VALUE_TYPE)[keyof typeof VALUE_TYPE];

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(VALUE_TYPE).map(([name, code]) => [code, name]),
);

export function isValueType(code: number): code is ValueType {
  return code >= VALUE_TYPE.v128 && code <= VALUE_TYPE.i32;
}

/** Its name in the text format. */
export function spellType(type: number): string {
  return NAMES.get(type) ?? `type 0x${type.toString(16)}`;
}

export function spellTypes(types: readonly number[]): string {
  return `(${types.map(spellType).join(', ')})`;
}

export function spellFunctionType({ parameters, results }: FunctionType): string {
  return `${spellTypes(parameters)} → ${spellTypes(results)}`;
}
