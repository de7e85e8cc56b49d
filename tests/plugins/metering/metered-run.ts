// Runs an original and its metered copy side by side.
import { FUEL_EXPORT } from '../../../plugins/metering/fuel.ts';
import { type MeterOptions, meterPlugin } from '../../../plugins/metering/meter.ts';

/** How a call ended, and what it left behind. */
export interface Outcome {
  readonly result: unknown;
  readonly trap: string | undefined;
  readonly memory: Uint8Array;
  readonly globals: readonly unknown[];
}

export type Exports = Readonly<Record<string, CallableFunction>>;
export type Call = (exports: Exports) => unknown;

export interface Pair {
  /** A call of a new instance of the module as it is. */
  original(call: Call): Outcome;
  /** A call of a new instance of its metered copy. It may use more than there was, by one charge. */
  metered(fuel: bigint, call: Call): Outcome & { readonly used: bigint };
}

export function pairOf(wasm: Uint8Array, options?: MeterOptions): Pair {
  const module = new WebAssembly.Module(new Uint8Array(wasm));
  const copy = new WebAssembly.Module(meterPlugin(wasm, options));
  return {
    original: (call) => outcomeOf(new WebAssembly.Instance(module, {}).exports, call),
    metered(fuel, call) {
      const { exports } = new WebAssembly.Instance(copy, {});
      const tank = exports[FUEL_EXPORT] as WebAssembly.Global<'i64'>;
      tank.value = fuel;
      const outcome = outcomeOf(exports, call);
      return { ...outcome, used: fuel - tank.value };
    },
  };
}

function outcomeOf(exports: WebAssembly.Exports, call: Call): Outcome {
  let result: unknown;
  let trap: string | undefined;
  try {
    result = call(exports as unknown as Exports);
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError) && !(error instanceof RangeError)) throw error;
    trap = error.message;
  }
  const globals = Object.entries(exports)
    .filter(([name, value]) => value instanceof WebAssembly.Global && name !== FUEL_EXPORT)
    .map(([, value]) => (value as WebAssembly.Global).value);
  const memory = new Uint8Array((exports['memory'] as WebAssembly.Memory).buffer).slice();
  return { result, trap, memory, globals };
}
