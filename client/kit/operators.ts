// Counts the operators of a module's functions, and those inside loops: what a plugin's work is made of, without running it.
import { BinaryReader } from 'wasmparser';

export interface FunctionOperators {
  /** Its name from a debug build, an export's, or `function 7`. */
  readonly name: string;
  readonly operators: number;
  /** Those inside at least one loop. */
  readonly inLoops: number;
  /** How deep its loops nest. */
  readonly loopDepth: number;
}

/** wasmparser's states, as numbers: its enumerations exist for its own compiler only. */
const STATE = {
  endWasm: 2, beginSection: 3, export: 17, name: 19, beginFunction: 28, operator: 30,
} as const; // biome-ignore format: a table
const SECTION = { export: 7, code: 10 } as const;
const FUNCTION_NAMES = 1;
const BLOCK = 0x02;
const LOOP = 0x03;
const IF = 0x04;
const END = 0x0b;

export interface ModuleOutline {
  /** In their order. */
  readonly functions: readonly FunctionOperators[];
  /** Names of custom sections. */
  readonly customSections: ReadonlySet<string>;
}

/** Reads a module that has passed the validator: its counts are trusted here. */
export function outlineOf(wasm: Uint8Array): ModuleOutline {
  const customSections = new Set<string>();
  const names = new Map<number, string>();
  const counts: { operators: number; inLoops: number; loopDepth: number }[] = [];
  const nesting: boolean[] = [];
  let loops = 0;
  const reader = new BinaryReader();
  reader.setData(new Uint8Array(wasm).buffer, 0, wasm.length);
  while (reader.read()) {
    const state: number = reader.state;
    if (state === STATE.endWasm) break;
    if (state === STATE.beginSection) {
      const { id, name } = reader.result as unknown as { id: number; name: Uint8Array };
      if (id === 0) customSections.add(new TextDecoder().decode(name));
      const wanted = id === SECTION.export || id === SECTION.code || id === 0;
      if (!wanted) reader.skipSection();
    } else if (state === STATE.export) {
      const { field, kind, index } = reader.result as unknown as {
        field: Uint8Array;
        kind: number;
        index: number;
      };
      if (kind === 0) names.set(index, new TextDecoder().decode(field));
    } else if (state === STATE.name) {
      const entry = reader.result as unknown as {
        type: number;
        names?: readonly { index: number; name: Uint8Array }[];
      };
      if (entry.type !== FUNCTION_NAMES) continue;
      for (const { index, name } of entry.names ?? []) {
        if (!names.has(index)) names.set(index, new TextDecoder().decode(name));
      }
    } else if (state === STATE.beginFunction) {
      counts.push({ operators: 0, inLoops: 0, loopDepth: 0 });
      nesting.length = 0;
      loops = 0;
    } else if (state === STATE.operator) {
      const { code } = reader.result as unknown as { code: number };
      const own = counts.at(-1);
      // Initialisers have operators too, and no function.
      if (own === undefined) continue;
      own.operators++;
      if (loops > 0) own.inLoops++;
      if (code === BLOCK || code === LOOP || code === IF) {
        nesting.push(code === LOOP);
        if (code === LOOP) own.loopDepth = Math.max(own.loopDepth, ++loops);
      } else if (code === END && nesting.pop() === true) loops--;
    }
  }
  const functions = counts.map((count, index) => ({
    name: names.get(index) ?? `function ${index}`,
    ...count,
  }));
  return { functions, customSections };
}
