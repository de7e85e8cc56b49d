// The sessions of one model: made when first needed, the UNet's kept by the styles' signature.
import type { AttentionLowering } from '../models/attention.ts';
import { buildDecoder } from '../models/decoder.ts';
import { buildEncoder } from '../models/encoder.ts';
import type { Precision } from '../models/precision.ts';
import type { StyleSignature } from '../models/styles.ts';
import { buildTextEncoder } from '../models/text-encoder.ts';
import { buildUnet } from '../models/unet.ts';
import type { EmittedGraph } from '../onnx/graph.ts';
import { createDeviceSession, createSession } from '../runtime/create.ts';
import type { Backend, DeviceSession, Session } from '../runtime/session.ts';
import { elementCount } from '../tensor/tensor.ts';
import { PREDICTION } from './latent-place.ts';
import type { OpenModel } from './model.ts';

/** UNet sessions kept at once, whatever their size: the plain one and one of the last styles' shape. */
const UNETS_KEPT = 2;
/** More of a small model, for styles whose layers change shape from phase to phase: at most so many, of so many bytes together. */
const SMALL_UNETS_KEPT = 8;
const SMALL_UNETS_BYTES = 2 ** 30;

/**
 * Weights of all parts together, in float32, above which only one session is alive at a time on wasm: its heap ends at 4 GiB,
 * and activations need the rest. Stable Diffusion 1.5 has 4.3 GB, so each picture makes its sessions one after another.
 */
export const ALONE_BYTES = 3 * 2 ** 30;

/** How many UNet sessions of a checkpoint of so many bytes are kept at once. */
export function unetsKept(checkpointBytes: number): number {
  const fit = Math.floor(SMALL_UNETS_BYTES / checkpointBytes);
  return Math.min(Math.max(fit, UNETS_KEPT), SMALL_UNETS_KEPT);
}

/** Bytes of all weights once they are float32. */
function weightBytes({ checkpoint: { entries } }: OpenModel): number {
  let count = 0;
  for (const { shape } of entries.values()) count += elementCount(shape);
  return count * Float32Array.BYTES_PER_ELEMENT;
}

/** Makes and keeps the sessions of a model. */
export class Sessions {
  readonly #model: OpenModel;
  readonly backend: Backend;
  readonly #precision: Precision;
  readonly #alone: boolean;
  #text: Promise<Session> | undefined;
  readonly #decoders = new Map<AttentionLowering, Promise<Session>>();
  readonly #encoders = new Map<AttentionLowering, Promise<Session>>();
  /** By attention and signature key, in order of last use. */
  readonly #unets = new Map<string, Promise<DeviceSession>>();

  /** `precision` is the UNet's; `aloneBytes` another limit for tests. */
  constructor(
    model: OpenModel,
    backend: Backend,
    precision: Precision = 'float32',
    aloneBytes: number = ALONE_BYTES,
  ) {
    this.#alone = backend === 'wasm' && weightBytes(model) > aloneBytes;
    this.#model = model;
    this.backend = backend;
    this.#precision = precision;
  }

  /** Takes embeddings and skipped layers as inputs, so that no picture needs another. */
  async textEncoder(): Promise<Session> {
    if (this.#text === undefined) await this.#makeAlone();
    this.#text ??= this.#create(
      buildTextEncoder(this.#model.checkpoint, this.#model.config, { steered: true }),
      () => {
        this.#text = undefined;
      },
    );
    return this.#text;
  }

  async decoder(attention: AttentionLowering): Promise<Session> {
    const kept = this.#decoders.get(attention);
    if (kept !== undefined) return kept;
    await this.#makeAlone();
    const graph = buildDecoder(this.#model.checkpoint, this.#model.config, { attention });
    const session = this.#create(graph, () => this.#decoders.delete(attention));
    this.#decoders.set(attention, session);
    return session;
  }

  async encoder(attention: AttentionLowering): Promise<Session> {
    const kept = this.#encoders.get(attention);
    if (kept !== undefined) return kept;
    await this.#makeAlone();
    const graph = buildEncoder(this.#model.checkpoint, this.#model.config, { attention });
    const session = this.#create(graph, () => this.#encoders.delete(attention));
    this.#encoders.set(attention, session);
    return session;
  }

  /**
   * The UNet whose self-attention takes layers of this signature; the empty key is the plain UNet. On WebGPU its prediction stays on the
   * device.
   */
  async unet(signature: StyleSignature, attention: AttentionLowering): Promise<DeviceSession> {
    const key = `${attention} ${signature.key}`;
    const kept = this.#unets.get(key);
    if (kept === undefined) await this.#makeAlone();
    this.#unets.delete(key);
    if (kept === undefined) await this.#makeRoom();
    const session = kept ?? this.#createUnet(signature, attention, () => this.#unets.delete(key));
    this.#unets.set(key, session);
    return session;
  }

  /** Where memory holds one session only, releases the others before another is made. */
  async #makeAlone(): Promise<void> {
    if (this.#alone) await this.release();
  }

  /** Releases the UNets that were used longest ago, before another one takes memory. */
  async #makeRoom(): Promise<void> {
    const room = unetsKept(this.#model.checkpoint.source.size);
    for (const [key, session] of this.#unets) {
      if (this.#unets.size < room) return;
      this.#unets.delete(key);
      await (await session).release();
    }
  }

  /** Frees the encoders, which no step of a picture asks again. */
  async releaseEncoders(): Promise<void> {
    const encoders = [...this.#encoders.values()];
    this.#encoders.clear();
    await releaseAll(encoders);
  }

  async release(): Promise<void> {
    const all = [this.#text, ...this.#decoders.values(), ...this.#encoders.values(), ...this.#unets.values()];
    this.#text = undefined;
    this.#decoders.clear();
    this.#encoders.clear();
    this.#unets.clear();
    await releaseAll(all);
  }

  #createUnet(
    signature: StyleSignature,
    attention: AttentionLowering,
    forget: () => void,
  ): Promise<DeviceSession> {
    const options = { signature, attention, precision: this.#precision };
    const graph = buildUnet(this.#model.checkpoint, this.#model.config, options);
    const keep = this.backend === 'webgpu' ? [PREDICTION] : [];
    const session = createDeviceSession(graph, { backend: this.backend }, keep);
    session.catch(forget);
    return session;
  }

  /** A session that failed to be made is forgotten, so that the next picture tries anew. */
  #create(graph: EmittedGraph, forget: () => void): Promise<Session> {
    const session = createSession(graph, { backend: this.backend });
    session.catch(forget);
    return session;
  }
}

/** Those that were made; one that could not be holds nothing. */
async function releaseAll(
  sessions: readonly (Promise<Session | DeviceSession> | undefined)[],
): Promise<void> {
  const settled = await Promise.allSettled(sessions);
  for (const result of settled) if (result.status === 'fulfilled') await result.value?.release();
}
