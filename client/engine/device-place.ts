// Latents, contexts and layers on the GPU, where they stay from step to step.
import { GpuArithmetic, type GpuValues } from '../runtime/gpu-arithmetic.ts';
import type { DeviceSession, DeviceTensor } from '../runtime/session.ts';
import type { LatentMath, Term } from '../sampling/latent.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Constants, type LatentPlace, PREDICTION, timesteps, type UnetInput } from './latent-place.ts';

/** Bytes of constants that stay on the device beyond those of the run at hand: prompts and styles may change back and forth. */
const CONSTANT_BYTES = 2 ** 28;

/** A place on the device that the sessions made now run on. Throws what WebGPU throws. */
export async function openDevicePlace(): Promise<LatentPlace<GpuValues>> {
  return new DevicePlace(await GpuArithmetic.open());
}

/** The arithmetic of latents on the device. */
export class DeviceMath implements LatentMath<GpuValues> {
  readonly #arithmetic: GpuArithmetic;
  readonly #living = new Set<GpuValues>();
  readonly #held = new Set<GpuValues>();

  constructor(arithmetic: GpuArithmetic) {
    this.#arithmetic = arithmetic;
  }

  weightedSum(...terms: readonly Term<GpuValues>[]): GpuValues {
    return this.watch(this.#arithmetic.weightedSum(terms));
  }

  blend(mask: GpuValues, inside: GpuValues, outside: GpuValues): GpuValues {
    return this.watch(this.#arithmetic.blend(mask, inside, outside));
  }

  repeat(latent: GpuValues, times: number): GpuValues {
    return times === 1 ? latent : this.watch(this.#arithmetic.repeat(latent, times));
  }

  split(latents: GpuValues, count: number): readonly GpuValues[] {
    if (count === 1) return [latents];
    return this.#arithmetic.split(latents, count).map((part) => this.watch(part));
  }

  upload(values: Float32Array): GpuValues {
    return this.watch(this.#arithmetic.upload(values));
  }

  hold(latent: GpuValues): GpuValues {
    this.#held.add(latent);
    return latent;
  }

  read(latent: GpuValues): Promise<Float32Array> {
    return this.#arithmetic.read(latent);
  }

  isFinite(latent: GpuValues): Promise<boolean> {
    return this.#arithmetic.isFinite(latent);
  }

  sweep(kept: readonly GpuValues[]): void {
    for (const latent of this.#living) {
      if (this.#held.has(latent) || kept.includes(latent)) continue;
      this.#living.delete(latent);
      latent.free();
    }
  }

  /** The same latent, which is freed when a sweep leaves it out. */
  watch(latent: GpuValues): GpuValues {
    this.#living.add(latent);
    return latent;
  }

  /** Frees all of them. */
  close(): void {
    this.#held.clear();
    this.sweep([]);
  }
}

class DevicePlace implements LatentPlace<GpuValues> {
  readonly math: DeviceMath;
  readonly #arithmetic: GpuArithmetic;
  /** In order of last use. */
  readonly #constants = new Map<Tensor, GpuValues>();
  #constantBytes = 0;

  constructor(arithmetic: GpuArithmetic) {
    this.#arithmetic = arithmetic;
    this.math = new DeviceMath(arithmetic);
  }

  async predict(
    session: DeviceSession,
    { sample, shape, timestep }: UnetInput<GpuValues>,
    constants: Constants,
  ): Promise<GpuValues> {
    const feeds = await this.#bring(constants);
    const { kept } = await session.run({
      sample: this.#arithmetic.feed(sample, shape),
      timestep: timesteps(shape, timestep),
      ...feeds,
    });
    return this.math.watch(this.#arithmetic.adopt(kept[PREDICTION]!));
  }

  close(): void {
    this.math.close();
    for (const values of this.#constants.values()) values.free();
    this.#constants.clear();
    this.#arithmetic.close();
  }

  async #bring(constants: Constants): Promise<Record<string, DeviceTensor>> {
    const wanted = new Set(Object.values(constants));
    const missing = [...wanted].filter((constant) => !this.#constants.has(constant));
    const bytes = missing.reduce((sum, { data }) => sum + data.byteLength, 0);
    this.#makeRoom(bytes, wanted);
    const stored = await this.#arithmetic.store(missing.map(({ data }) => data));
    for (const [i, constant] of missing.entries()) this.#constants.set(constant, stored[i]!);
    this.#constantBytes += bytes;
    const feeds: Record<string, DeviceTensor> = {};
    for (const [name, constant] of Object.entries(constants)) {
      const values = this.#constants.get(constant)!;
      this.#constants.delete(constant);
      this.#constants.set(constant, values);
      feeds[name] = this.#arithmetic.feed(values, constant.shape);
    }
    return feeds;
  }

  /** Frees the constants that were used longest ago and are not wanted now, until so many bytes more are within the limit. */
  #makeRoom(bytes: number, wanted: ReadonlySet<Tensor>): void {
    for (const [constant, values] of this.#constants) {
      if (this.#constantBytes + bytes <= CONSTANT_BYTES) return;
      if (wanted.has(constant)) continue;
      this.#constants.delete(constant);
      this.#constantBytes -= constant.data.byteLength;
      values.free();
    }
  }
}
