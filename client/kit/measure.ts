// Runs a metered copy of a style's plugin and counts: operators for each apply, and memory. It ends itself, for its fuel is bounded.
import type { OptionalFunction } from '../../plugins/contract/abi.ts';
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

export interface Measurement {
  /** Operators of one apply of this context, as fuel counts them: a table lookup and a division weigh alike in time, not here. */
  readonly operatorsPerApply: number;
  /** Bytes of memory after the first applies, and after `applies` more. */
  readonly memoryBefore: number;
  readonly memoryAfter: number;
  readonly applies: number;
}

/** What one call may spend: the fuel that stands for a host's deadline. */
const FUEL = BigInt(DEFAULT_DEADLINE_MS) * BigInt(FUEL_PER_MS);
/** After these, whatever is packed or unpacked on first use is in place. */
const WARM_APPLIES = 5;

/**
 * Applies the style `applies` times to the context at strength 1. Undefined where the plugin has no apply. Throws what the validator, the
 * readers and the meter throw, and PluginErrors for what the plugin does.
 */
export async function measureStyle(
  style: StyleFile,
  context: ContextPair,
  applies: number,
): Promise<Measurement | undefined> {
  const { name } = style.manifest;
  const metered = meterPlugin(await moduleOf(style), { name });
  const { instance } = await WebAssembly.instantiate(metered);
  const running = new MeteredPlugin(name, instance);
  if (!running.offers('tincture_apply')) return undefined;
  await running.begin(style, context);
  for (let i = 0; i < WARM_APPLIES; i++) running.apply(context);
  const memoryBefore = running.memoryBytes;
  let spent = 0n;
  for (let i = 0; i < applies; i++) spent = running.apply(context);
  return {
    operatorsPerApply: Number(spent),
    memoryBefore,
    memoryAfter: running.memoryBytes,
    applies,
  };
}

type Exported = (...args: number[]) => number;

/** The ABI's calls on an instance in this thread. */
class MeteredPlugin {
  readonly #name: string;
  readonly #exports: WebAssembly.Exports;
  #spent = 0n;

  constructor(name: string, instance: WebAssembly.Instance) {
    this.#name = name;
    this.#exports = instance.exports;
    this.#call('tincture_abi_1');
  }

  get memoryBytes(): number {
    return (this.#exports['memory'] as WebAssembly.Memory).buffer.byteLength;
  }

  offers(name: OptionalFunction): boolean {
    return this.#exports[name] !== undefined;
  }

  /** Parameters at their defaults, weights, and the prompt's context. */
  async begin(style: StyleFile, context: ContextPair): Promise<void> {
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
          this.#withBlock(block, (at) => this.#status('tincture_tensor', set, at, block.length));
        }
        continue;
      }
      for (const [width, pair] of (await readHypernetwork(source)).widths) {
        const blocks = encodePair(this.#name, width, pair);
        for (const [side, stack] of [blocks.k, blocks.v].entries()) {
          for (const [index, block] of stack.entries()) {
            this.#withBlock(block, (at) =>
              this.#status('tincture_load', set, width, side, index, at, block.length),
            );
          }
        }
      }
    }
    if (this.offers('tincture_context')) {
      this.#withBlock(bytesOf(context.k), (at) =>
        this.#status('tincture_context', context.width, context.rows, at),
      );
    }
  }

  /** The fuel of the call. */
  apply({ width, rows, k, v }: ContextPair): bigint {
    this.#withBlock(bytesOf(k), (keys) =>
      this.#withBlock(bytesOf(v), (values) => this.#status('tincture_apply', width, rows, keys, values, 1)),
    );
    return this.#spent;
  }

  #call(name: string, ...args: number[]): number {
    const fuel = this.#exports[FUEL_EXPORT] as WebAssembly.Global;
    fuel.value = FUEL;
    try {
      const result = (this.#exports[name] as Exported)(...args);
      if (name === 'tincture_apply') this.#spent = FUEL - (fuel.value as bigint);
      return result;
    } catch (cause) {
      const kind = (fuel.value as bigint) < 0n ? 'deadline' : 'trap';
      const found = kind === 'deadline' ? 'more work than a host allows' : (cause as Error).message;
      throw new PluginError(kind, `${name} did not end`, { where: this.#name, found, cause });
    }
  }

  #status(name: OptionalFunction, ...args: number[]): void {
    const status = this.#call(name, ...args);
    if (status === 0) return;
    const words = this.#call('tincture_error');
    const found = words === 0 ? `status ${status}` : new TextDecoder().decode(this.#words(words));
    throw new PluginError('refused', `${name} refused`, { where: this.#name, found });
  }

  #withBlock(bytes: Uint8Array, use: (pointer: number) => void): void {
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
