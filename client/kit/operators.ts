// Counts the operators of a module's functions, and those inside loops: what a plugin's work is made of, without running it.
import { MAX_NAME_BYTES } from '../../plugins/contract/limits.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import { ModuleReader } from '../../plugins/contract/reader.ts';
import { readOutline } from '../../plugins/contract/sections.ts';
import { CODE, passOperator } from '../../plugins/metering/operator.ts';

export interface FunctionOperators {
  /** Its name from a debug build, an export's, or `function 7`. */
  readonly name: string;
  readonly operators: number;
  /** Those inside at least one loop. */
  readonly inLoops: number;
  /** How deep its loops nest. */
  readonly loopDepth: number;
}

const HEADER_BYTES = 8;
const CUSTOM = 0;
const EXPORTED_FUNCTION = 0;
const FUNCTION_NAMES = 1;

export interface ModuleOutline {
  /** In their order. */
  readonly functions: readonly FunctionOperators[];
  /** Names of custom sections. */
  readonly customSections: ReadonlySet<string>;
}

/** Reads a module that has passed the validator. Names that cannot be read are as if they were not there. */
export function outlineOf(wasm: Uint8Array): ModuleOutline {
  const { bodies, exports } = readOutline('plugin', wasm);
  const { customSections, names } = readCustomSections(wasm);
  for (const { kind, index, name } of exports.values())
    if (kind === EXPORTED_FUNCTION) names.set(index, name);
  const functions = bodies.map(({ start, end }, index) => ({
    name: names.get(index) ?? `function ${index}`,
    ...countOperators(new ModuleReader('plugin', wasm, start, end)),
  }));
  return { functions, customSections };
}

function countOperators(reader: ModuleReader): Omit<FunctionOperators, 'name'> {
  for (let groups = reader.number(); groups > 0; groups--) {
    reader.number();
    reader.byte();
  }
  const nesting: boolean[] = [];
  let [operators, inLoops, loops, loopDepth] = [0, 0, 0, 0];
  while (reader.at < reader.end) {
    const code = passOperator(reader);
    operators++;
    if (loops > 0) inLoops++;
    if (code === CODE.block || code === CODE.loop || code === CODE.if) {
      nesting.push(code === CODE.loop);
      if (code === CODE.loop) loopDepth = Math.max(loopDepth, ++loops);
    } else if (code === CODE.end && nesting.pop() === true) loops--;
  }
  return { operators, inLoops, loopDepth };
}

/** The custom sections' names, and the functions' names that a debug build has among them. */
function readCustomSections(wasm: Uint8Array): { customSections: Set<string>; names: Map<number, string> } {
  const customSections = new Set<string>();
  const names = new Map<number, string>();
  const reader = new ModuleReader('plugin', wasm, HEADER_BYTES);
  while (reader.at < wasm.length) {
    reader.end = wasm.length;
    const id = reader.byte();
    const size = reader.number();
    const end = reader.at + size;
    if (id === CUSTOM) {
      reader.end = end;
      const title = reader.words(MAX_NAME_BYTES);
      customSections.add(title);
      if (title === 'name') readFunctionNames(new ModuleReader('plugin', wasm, reader.at, end), names);
    }
    reader.at = end;
  }
  return { customSections, names };
}

/** The standard lets a name section hold anything without making the module invalid: reading ends at the first oddity. */
function readFunctionNames(reader: ModuleReader, names: Map<number, string>): void {
  try {
    while (reader.at < reader.end) {
      const id = reader.byte();
      const size = reader.number();
      const part = new ModuleReader(reader.name, reader.take(size));
      if (id !== FUNCTION_NAMES) continue;
      for (let left = part.number(); left > 0; left--) names.set(part.number(), part.words(MAX_NAME_BYTES));
    }
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
  }
}
