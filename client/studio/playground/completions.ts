// What the editor proposes while one types: the SDK's names with their words, and AssemblyScript's own.
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { LIBRARY } from './library.ts';
import type { SdkSymbol } from './symbols.ts';
import { symbolsOf } from './symbols.ts';

const TYPES = ['bool', 'f32', 'f64', 'i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64', 'usize', 'v128'];
const NAMES: readonly (readonly [name: string, words: string])[] = [
  ['load', 'Reads a value from memory: load<T>(pointer).'],
  ['store', 'Writes a value to memory: store<T>(pointer, value).'],
  ['memory.copy', 'Copies bytes: memory.copy(to, from, count).'],
  ['memory.fill', 'Fills bytes: memory.fill(at, value, count).'],
  ['Mathf', 'Mathematics in float32: Mathf.sin, Mathf.exp, Mathf.sqrt …'],
  ['StaticArray', 'An array of fixed length: new StaticArray<f32>(count).'],
  ['changetype', 'Takes a reference as its pointer and back: changetype<usize>(array).'],
  ['unchecked', 'An array access without its bounds check.'],
  ['@inline', 'Puts a function’s body where it is called.'],
];
const KINDS: Readonly<Record<SdkSymbol['kind'], string>> = {
  function: 'function',
  class: 'class',
  constant: 'constant',
};

let all: readonly Completion[] | undefined;

/** Completions for CodeMirror: none inside a word that is shorter than two letters, unless they are asked for. */
export function complete(context: CompletionContext): CompletionResult | null {
  const word = context.matchBefore(/@?[\w.]+/);
  if (word === null ? !context.explicit : word.text.length < 2 && !context.explicit) return null;
  all ??= [
    ...symbolsOf(LIBRARY, 'plugins/sdk/assembly/index.ts').map(({ name, kind, signature, words }) => ({
      label: name,
      type: KINDS[kind],
      detail: signature.slice(name.length, name.length + 60),
      ...(words === '' ? {} : { info: words }),
      boost: 1,
    })),
    ...TYPES.map((label) => ({ label, type: 'type' })),
    ...NAMES.map(([label, info]) => ({ label, type: 'function', info })),
  ];
  return { from: word?.from ?? context.pos, options: all, validFor: /^@?[\w.]*$/ };
}
