// A plugin instantiated without a host, for calls that no host would make.
import { expect } from 'vitest';

/** What every plugin has. */
export interface RawExports {
  readonly memory: WebAssembly.Memory;
  tincture_abi_1(): void;
  tincture_alloc(size: number): number;
  tincture_free(pointer: number): void;
  tincture_error(): number;
}

export class RawPlugin<Exports extends RawExports> {
  readonly exports: Exports;

  private constructor(exports: Exports) {
    this.exports = exports;
    exports.tincture_abi_1();
  }

  /** Compiles and starts a module. `Exports` is what the test knows of it. */
  static async open<Exports extends RawExports>(wasm: Uint8Array<ArrayBuffer>): Promise<RawPlugin<Exports>> {
    const { instance } = await WebAssembly.instantiate(wasm, {});
    return new RawPlugin(instance.exports as unknown as Exports);
  }

  /** Bytes in a block of their own, aligned as the ABI says. */
  place(bytes: Uint8Array): number {
    const at = this.exports.tincture_alloc(bytes.length) >>> 0;
    expect(at).toBeGreaterThan(0);
    expect(at % 16).toBe(0);
    new Uint8Array(this.exports.memory.buffer, at, bytes.length).set(bytes);
    return at;
  }

  placeFloats(...values: number[]): number {
    return this.place(new Uint8Array(Float32Array.from(values).buffer));
  }

  floats(at: number, count: number): Float32Array {
    return new Float32Array(this.exports.memory.buffer.slice(at, at + 4 * count));
  }

  /** The text at a pointer to words. */
  wordsAt(at: number): string {
    const { buffer } = this.exports.memory;
    const length = new DataView(buffer).getUint32(at, true);
    return new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(buffer, at + 4, length));
  }

  /** Why the last call failed. */
  words(): string {
    const at = this.exports.tincture_error();
    return at === 0 ? '' : this.wordsAt(at);
  }
}
