// A metered copy of a style's plugin in this thread: the ABI's calls, each with the fuel that stands for a host's deadline, so that each ends.
import { ABI_MARKER, type OptionalFunction, SIDE, STATUS } from '../../plugins/contract/abi.ts';
import { DEFAULT_DEADLINE_MS } from '../../plugins/contract/limits.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import { readDescription } from '../../plugins/host/answers.ts';
import { FUEL_EXPORT, FUEL_PER_MS } from '../../plugins/metering/fuel.ts';
import { meterPlugin } from '../../plugins/metering/meter.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import type { StyleFile } from '../formats/style-file.ts';
import { readHypernetwork } from '../hypernetwork/read.ts';
import { METADATA_KEY } from '../hypernetwork/safetensors-metadata.ts';
import type { ContextPair } from '../plugin-host/host.ts';
import { encodePair } from '../plugin-host/layer-block.ts';
import { encodeTensors } from '../plugin-host/tensor-block.ts';
import { moduleOf, weightsOf } from './start-style.ts';

/** What one call may spend. */
export const FUEL = BigInt(DEFAULT_DEADLINE_MS) * BigInt(FUEL_PER_MS);

type Exported = (...args: number[]) => number;

export class MeteredPlugin {
  /** The most that one call of each function has cost so far, by its name. */
  readonly spent = new Map<string, bigint>();
  /** The function that was called last. */
  lastCall: string = ABI_MARKER;
  readonly #name: string;
  readonly #exports: WebAssembly.Exports;

  private constructor(name: string, instance: WebAssembly.Instance) {
    this.#name = name;
    this.#exports = instance.exports;
  }

  /** Instantiates it; nothing of it has run yet. Throws what the validator and the meter throw. */
  static async open(style: StyleFile): Promise<MeteredPlugin> {
    const { name } = style.manifest;
    const { instance } = await WebAssembly.instantiate(meterPlugin(await moduleOf(style), { name }));
    return new MeteredPlugin(name, instance);
  }

  get memoryBytes(): number {
    return (this.#exports['memory'] as WebAssembly.Memory).buffer.byteLength;
  }

  offers(name: OptionalFunction): boolean {
    return this.#exports[name] !== undefined;
  }

  /** The marker, parameters at their defaults, weights, and the prompt's context. */
  async begin(style: StyleFile, context: ContextPair): Promise<void> {
    this.#call(ABI_MARKER);
    const words = this.offers('tincture_describe') ? this.#call('tincture_describe') : 0;
    const description = readDescription(this.#name, words === 0 ? undefined : this.#words(words));
    if (this.offers('tincture_parameter')) {
      for (const [index, parameter] of description.parameters.entries()) {
        this.#status('tincture_parameter', index, parameter.default);
      }
    }
    for (const [set, sha256] of weightsOf(style.manifest).entries()) {
      const source = style.blob(sha256);
      const file = await openSafetensors(source);
      if (file.metadata[METADATA_KEY] === undefined) {
        for (const block of await encodeTensors(this.#name, file, description)) {
          this.#lend(block, (at) => this.#status('tincture_tensor', set, at, block.length));
        }
        continue;
      }
      for (const [width, pair] of (await readHypernetwork(source)).widths) {
        const blocks = encodePair(this.#name, width, pair);
        for (const [side, stack] of [blocks.k, blocks.v].entries()) {
          for (const [index, block] of stack.entries()) {
            this.#lend(block, (at) =>
              this.#status('tincture_load', set, width, side, index, at, block.length),
            );
          }
        }
      }
    }
    if (this.offers('tincture_context')) {
      const { width, rows, k } = context;
      this.#lend(bytesOf(k), (at) => this.#status('tincture_context', width, rows, at));
    }
  }

  apply({ width, rows, k, v }: ContextPair): void {
    this.#lend(bytesOf(k), (keys) =>
      this.#lend(bytesOf(v), (values) => this.#status('tincture_apply', width, rows, keys, values, 1)),
    );
  }

  /** Asks for a schedule of so many steps; gives its phases, each once. They are not checked. */
  schedule(steps: number): Set<number> {
    const phases = new Set<number>();
    this.#lend(new Uint8Array(8 * steps), (out) => {
      this.#status('tincture_schedule', steps, out);
      const entries = new Uint32Array(this.#view(out, 8 * steps).slice().buffer);
      for (let step = 0; step < steps; step++) phases.add(entries[2 * step + 1]!);
    });
    return phases;
  }

  setPhase(phase: number): void {
    this.#status('tincture_phase', phase);
  }

  /** Has the layers of a width made; they are not looked at. */
  layers(width: number): void {
    for (const side of [SIDE.k, SIDE.v]) {
      this.#lend(new Uint8Array(8), (out) => {
        const status = this.#call('tincture_layers', width, side, out);
        if (status !== STATUS.unknownWidth) this.#check('tincture_layers', status);
      });
    }
  }

  #call(name: string, ...args: number[]): number {
    const fuel = this.#exports[FUEL_EXPORT] as WebAssembly.Global;
    fuel.value = FUEL;
    this.lastCall = name;
    try {
      return (this.#exports[name] as Exported)(...args);
    } catch (cause) {
      if ((fuel.value as bigint) >= 0n) {
        throw new PluginError('trap', `${name} trapped`, {
          where: this.#name,
          found: (cause as Error).message,
          cause,
        });
      }
      throw new PluginError('deadline', `${name} did not end`, {
        where: this.#name,
        expected: `at most ${FUEL.toLocaleString('en')} operators, which stand for the ${DEFAULT_DEADLINE_MS / 1000} s that a host waits`,
        cause,
      });
    } finally {
      const cost = FUEL - (fuel.value as bigint);
      if (cost > (this.spent.get(name) ?? 0n)) this.spent.set(name, cost);
    }
  }

  #status(name: OptionalFunction, ...args: number[]): void {
    this.#check(name, this.#call(name, ...args));
  }

  #check(name: OptionalFunction, status: number): void {
    if (status === STATUS.ok) return;
    const words = this.#call('tincture_error');
    this.lastCall = name;
    const found = words === 0 ? `status ${status}` : new TextDecoder().decode(this.#words(words));
    throw new PluginError('refused', `${name} refused`, { where: this.#name, found });
  }

  #lend(bytes: Uint8Array, use: (pointer: number) => void): void {
    const pointer = this.#call('tincture_alloc', bytes.length) >>> 0;
    if (pointer === 0) throw new PluginError('memory', 'the memory is full', { where: this.#name });
    this.#view(pointer, bytes.length).set(bytes);
    use(pointer);
    this.#call('tincture_free', pointer);
  }

  #words(pointer: number): Uint8Array {
    const at = pointer >>> 0;
    const head = this.#view(at, 4);
    const length = new DataView(head.buffer, head.byteOffset).getUint32(0, true);
    return this.#view(at + 4, length).slice();
  }

  #view(at: number, length: number): Uint8Array {
    if (at + length > this.memoryBytes) {
      throw new PluginError('trap', 'a pointer outside the memory', { where: this.#name, found: String(at) });
    }
    return new Uint8Array((this.#exports['memory'] as WebAssembly.Memory).buffer, at, length);
  }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
