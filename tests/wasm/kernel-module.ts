// Instantiates the kernels' own module and hands out its memory. Runs in Node and inside a page alike.

export interface Kernels {
  readonly memory: WebAssembly.Memory;
  heap(): number;
  packedBytes(inputs: number, outputs: number): number;
  blockBytes(rows: number, inputs: number): number;
  packWeight(weight: number, bias: number, inputs: number, outputs: number, packed: number): void;
  gemm(
    x: number,
    rows: number,
    inputs: number,
    packed: number,
    outputs: number,
    y: number,
    blocks: number,
  ): void;
  activate(code: number, x: number, count: number): void;
  prelu(x: number, rows: number, width: number, slope: number, slopes: number): void;
  layerNorm(x: number, rows: number, width: number, weight: number, bias: number): void;
  halfToFloat(source: number, count: number, target: number): void;
  addScaled(x: number, change: number, count: number, strength: number): void;
}

/** A bump allocator over the module's memory. Blocks are followed by a guard that `guardsHold` checks. */
export class KernelBench {
  readonly kernels: Kernels;
  #next: number;
  readonly #guards: number[] = [];

  constructor(kernels: Kernels) {
    this.kernels = kernels;
    this.#next = kernels.heap();
  }

  alloc(bytes: number): number {
    const at = this.#next;
    this.#next = (at + bytes + 4 + 15) & ~15;
    const pages = Math.ceil(this.#next / 65_536) - this.kernels.memory.buffer.byteLength / 65_536;
    if (pages > 0) this.kernels.memory.grow(pages);
    for (let i = 0; i < 4; i++) new Uint8Array(this.kernels.memory.buffer)[at + bytes + i] = 0xa5;
    this.#guards.push(at + bytes);
    return at;
  }

  put(values: ArrayLike<number>): number {
    const at = this.alloc(values.length * 4);
    new Float32Array(this.kernels.memory.buffer, at, values.length).set(values);
    return at;
  }

  get(at: number, count: number): Float32Array {
    return new Float32Array(this.kernels.memory.buffer.slice(at, at + 4 * count));
  }

  /** Whether no kernel wrote past a block. */
  guardsHold(): boolean {
    const bytes = new Uint8Array(this.kernels.memory.buffer);
    return this.#guards.every((at) => [0, 1, 2, 3].every((i) => bytes[at + i] === 0xa5));
  }
}

/** The kernels' builds: one for all engines, one with fused multiply-add. */
export const BUILDS = { baseline: 'kernels.wasm', relaxed: 'kernels.relaxed.wasm' } as const;
export type Build = keyof typeof BUILDS;

export async function startKernels(bytes: BufferSource): Promise<KernelBench> {
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(bytes), {});
  return new KernelBench(exports as unknown as Kernels);
}

/** Deterministic values in −1 … 1, as float32. */
export function values(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
