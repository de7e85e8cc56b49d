// Arithmetic on float32 values that stay in the GPU's buffers, in the same queue as the sessions' own work.

import { elementCount } from '../tensor/tensor.ts';
import { deviceLost, runtimeFailure } from './error.ts';
import { OrtDeviceTensor } from './feeds.ts';
import { type Gpu, openGpu } from './gpu.ts';
import { type Kernel, PARAMETER_BYTES, pipelineOf, SUM_TERMS, workgroups } from './gpu-kernels.ts';
import { born, freed } from './live.ts';
import { loadRuntime, type OrtModule } from './ort.ts';
import type { DeviceTensor } from './session.ts';

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;
/** Kernels of the runtime read vectors of four: buffers are whole numbers of them. */
const BUFFER_STEP = 16;
/** How long after a failed read the device may take to say that it is lost. */
const LOSS_WAIT_MS = 1000;

/** So many values in a buffer of their own, or in one of the runtime's, until they are freed. */
export class GpuValues {
  readonly length: number;
  readonly buffer: GPUBuffer;
  readonly #giveBack: () => void;
  #freed = false;

  constructor(buffer: GPUBuffer, length: number, giveBack: () => void) {
    this.buffer = buffer;
    this.length = length;
    this.#giveBack = giveBack;
  }

  /** They cannot be used afterwards. */
  free(): void {
    if (!this.#freed) this.#giveBack();
    this.#freed = true;
  }
}

/** Makes values, computes with them, and keeps the freed ones' buffers for the next of the same size until it is closed. */
export class GpuArithmetic {
  readonly #gpu: Gpu;
  readonly #ort: OrtModule;
  readonly #parameters: GPUBuffer;
  readonly #flag: GPUBuffer;
  /** Buffers of freed values, by size. */
  readonly #spare = new Map<number, GPUBuffer[]>();
  #closed = false;

  private constructor(gpu: Gpu, ort: OrtModule) {
    const { COPY_DST, COPY_SRC, STORAGE, UNIFORM } = GPUBufferUsage;
    this.#gpu = gpu;
    this.#ort = ort;
    this.#parameters = gpu.device.createBuffer({ size: PARAMETER_BYTES, usage: UNIFORM | COPY_DST });
    this.#flag = gpu.device.createBuffer({ size: BUFFER_STEP, usage: STORAGE | COPY_SRC | COPY_DST });
  }

  /** On the device that sessions made now run on. Throws what WebGPU throws. */
  static async open(): Promise<GpuArithmetic> {
    const { ort } = await loadRuntime();
    return new GpuArithmetic(await openGpu(), ort);
  }

  /** Copies values to the device. */
  upload(values: Float32Array): GpuValues {
    return this.#write(this.#make(values.length), values);
  }

  /** Copies values of any size to the device, each to a buffer that is destroyed when they are freed. Throws `runtime/out-of-memory` when it has no room. */
  async store(lists: readonly Float32Array[]): Promise<GpuValues[]> {
    if (lists.length === 0) return [];
    const { device } = this.#gpu;
    device.pushErrorScope('out-of-memory');
    const stored = lists.map((values) => this.#write(this.#make(values.length, false), values));
    const error = await device.popErrorScope().catch(async (cause: unknown) => {
      throw await this.#failure(cause);
    });
    if (error === null) return stored;
    for (const values of stored) values.free();
    throw runtimeFailure('runtime/run', 'contexts and layers', new Error(`out of memory: ${error.message}`));
  }

  /** The values of a session's output that stayed on the device; freeing them releases it. */
  adopt(output: DeviceTensor): GpuValues {
    const { value, shape } = output as OrtDeviceTensor;
    return new GpuValues(value.gpuBuffer, elementCount(shape), () => output.release());
  }

  /** The values as a feed of this shape; it holds nothing, and is good for as long as they are. */
  feed(values: GpuValues, shape: readonly number[]): DeviceTensor {
    const dims = [...shape];
    return new OrtDeviceTensor(
      this.#ort.Tensor.fromGpuBuffer(values.buffer, { dataType: 'float32', dims }),
      false,
    );
  }

  /** Σ weightᵢ · valuesᵢ, element by element; at least one term, all of one length. */
  weightedSum(terms: readonly (readonly [weight: number, values: GpuValues])[]): GpuValues {
    const now = terms.slice(0, SUM_TERMS);
    const result = this.#make(now[0]![1].length);
    const inputs = now.map(([, values]) => values);
    const weights = now.map(([weight]) => weight);
    this.#compute(`sum${now.length}`, inputs, result, weights);
    if (now.length === terms.length) return result;
    const whole = this.weightedSum([[1, result], ...terms.slice(SUM_TERMS)]);
    result.free();
    return whole;
  }

  /** share · inside + (1 − share) · outside, element by element. */
  blend(share: GpuValues, inside: GpuValues, outside: GpuValues): GpuValues {
    const result = this.#make(share.length);
    this.#compute('blend', [share, inside, outside], result);
    return result;
  }

  /** The same values `times` times, one after the other. */
  repeat(values: GpuValues, times: number): GpuValues {
    const all = this.#make(values.length * times);
    const bytes = values.length * FLOAT_BYTES;
    const encoder = this.#gpu.device.createCommandEncoder();
    for (let i = 0; i < times; i++) {
      encoder.copyBufferToBuffer(values.buffer, 0, all.buffer, i * bytes, bytes);
    }
    this.#gpu.device.queue.submit([encoder.finish()]);
    return all;
  }

  /** Copies of so many parts of one length. */
  split(values: GpuValues, count: number): GpuValues[] {
    const length = values.length / count;
    const bytes = length * FLOAT_BYTES;
    const encoder = this.#gpu.device.createCommandEncoder();
    const parts = Array.from({ length: count }, (_, i) => {
      const part = this.#make(length);
      encoder.copyBufferToBuffer(values.buffer, i * bytes, part.buffer, 0, bytes);
      return part;
    });
    this.#gpu.device.queue.submit([encoder.finish()]);
    return parts;
  }

  /** Copies the values to memory. Throws `runtime/device-lost`. */
  async read(values: GpuValues): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await this.#download(values.buffer, values.length * FLOAT_BYTES));
  }

  /** Whether none is NaN or infinite; one word comes back from the device. Throws `runtime/device-lost`. */
  async isFinite(values: GpuValues): Promise<boolean> {
    const encoder = this.#gpu.device.createCommandEncoder();
    encoder.clearBuffer(this.#flag);
    this.#gpu.device.queue.submit([encoder.finish()]);
    this.#compute('finite', [values], { buffer: this.#flag, length: values.length });
    const [found] = new Uint32Array(await this.#download(this.#flag, Uint32Array.BYTES_PER_ELEMENT));
    return found === 0;
  }

  /** Destroys all buffers of its own that are spare; those of living values follow when they are freed. */
  close(): void {
    this.#closed = true;
    this.#parameters.destroy();
    this.#flag.destroy();
    for (const buffers of this.#spare.values()) for (const buffer of buffers) buffer.destroy();
    this.#spare.clear();
  }

  #write(made: GpuValues, { buffer, byteOffset, byteLength }: Float32Array): GpuValues {
    this.#gpu.device.queue.writeBuffer(made.buffer, 0, buffer, byteOffset, byteLength);
    return made;
  }

  /** Values not yet written. `reuse`: their buffer is taken from the spare ones, and becomes one. */
  #make(length: number, reuse = true): GpuValues {
    const size = Math.ceil((length * FLOAT_BYTES) / BUFFER_STEP) * BUFFER_STEP;
    const { COPY_DST, COPY_SRC, STORAGE } = GPUBufferUsage;
    const buffer =
      (reuse ? this.#spare.get(size)?.pop() : undefined) ??
      this.#gpu.device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
    born('deviceValues');
    return new GpuValues(buffer, length, () => {
      freed('deviceValues');
      if (this.#closed || !reuse) buffer.destroy();
      else this.#spare.set(size, [...(this.#spare.get(size) ?? []), buffer]);
    });
  }

  #compute(
    kernel: Kernel,
    inputs: readonly GpuValues[],
    output: Pick<GpuValues, 'buffer' | 'length'>,
    weights: readonly number[] = [],
  ): void {
    const { device } = this.#gpu;
    const parameters = new ArrayBuffer(PARAMETER_BYTES);
    new Uint32Array(parameters)[0] = output.length;
    new Float32Array(parameters, BUFFER_STEP).set(weights);
    // In the order of the queue: each dispatch reads what was written just before it.
    device.queue.writeBuffer(this.#parameters, 0, parameters);
    const pipeline = pipelineOf(device, kernel);
    const buffers = [this.#parameters, ...inputs.map(({ buffer }) => buffer), output.buffer];
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
      }),
    );
    pass.dispatchWorkgroups(workgroups(output.length));
    pass.end();
    device.queue.submit([encoder.finish()]);
  }

  async #download(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    const { device } = this.#gpu;
    const { COPY_DST, MAP_READ } = GPUBufferUsage;
    const staging = device.createBuffer({ size: bytes, usage: COPY_DST | MAP_READ });
    try {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      return staging.getMappedRange().slice(0);
    } catch (cause) {
      throw await this.#failure(cause);
    } finally {
      staging.destroy();
    }
  }

  /** The device's loss, where that is what made a read fail: it is told a moment later. */
  async #failure(cause: unknown): Promise<Error> {
    const late = new Promise((resolve) => setTimeout(resolve, LOSS_WAIT_MS));
    await Promise.race([this.#gpu.device.lost, late]);
    const { lost } = this.#gpu;
    return lost === undefined
      ? runtimeFailure('runtime/run', 'latents', cause)
      : deviceLost('latents', lost, cause);
  }
}
