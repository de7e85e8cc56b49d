// The sessions of one model: made when first needed, the UNet's kept by the styles' signature.
import type { AttentionLowering } from '../models/attention.ts';
import { buildDecoder } from '../models/decoder.ts';
import { buildEncoder } from '../models/encoder.ts';
import type { Precision } from '../models/precision.ts';
import type { StyleSignature } from '../models/styles.ts';
import { buildTextEncoder } from '../models/text-encoder.ts';
import { buildTinyDecoder } from '../models/tiny-decoder.ts';
import { buildUnet } from '../models/unet.ts';
import type { Padding } from '../onnx/convolution.ts';
import type { EmittedGraph } from '../onnx/graph.ts';
import { createDeviceSession, createSession } from '../runtime/create.ts';
import type { Backend, DeviceSession, Session } from '../runtime/session.ts';
import { elementCount } from '../tensor/tensor.ts';
import { EngineError } from './errors.ts';
import { KeptSessions } from './kept-sessions.ts';
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

/** VAE sessions of one kind kept at once: with the attention of small pictures and of large ones. */
const VAES_KEPT = 2;

/** Makes and keeps the sessions of a model. Convolutions pad with zeros unless another padding is asked for. */
export class Sessions {
  readonly #model: OpenModel;
  readonly backend: Backend;
  readonly #precision: Precision;
  readonly #alone: boolean;
  readonly #texts = new KeptSessions<Session>(1);
  readonly #decoders = new KeptSessions<Session>(VAES_KEPT);
  readonly #encoders = new KeptSessions<Session>(VAES_KEPT);
  readonly #previews = new KeptSessions<Session>(1);
  readonly #unets: KeptSessions<DeviceSession>;

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
    this.#unets = new KeptSessions(unetsKept(model.checkpoint.source.size));
  }

  /** Takes embeddings and skipped layers as inputs, so that no picture needs another. */
  textEncoder(): Promise<Session> {
    const { checkpoint, config } = this.#model;
    return this.#texts.get('', this.#makeAlone, () =>
      this.#create(buildTextEncoder(checkpoint, config, { steered: true })),
    );
  }

  decoder(attention: AttentionLowering, padding: Padding = 'zeros'): Promise<Session> {
    const { checkpoint, config } = this.#model;
    return this.#decoders.get(`${attention} ${padding}`, this.#makeAlone, () =>
      this.#create(buildDecoder(checkpoint, config, { attention, padding })),
    );
  }

  encoder(attention: AttentionLowering, padding: Padding = 'zeros'): Promise<Session> {
    const { checkpoint, config } = this.#model;
    return this.#encoders.get(`${attention} ${padding}`, this.#makeAlone, () =>
      this.#create(buildEncoder(checkpoint, config, { attention, padding })),
    );
  }

  /** The small decoder of a model that has one; so small that nothing is released for it. */
  previewDecoder(padding: Padding): Promise<Session> {
    const { previewDecoder, config } = this.#model;
    if (previewDecoder === undefined)
      throw new EngineError('engine/model', 'the model has no preview decoder');
    return this.#previews.get(
      padding,
      async () => {},
      () => this.#create(buildTinyDecoder(previewDecoder, config, { padding })),
    );
  }

  /**
   * The UNet whose self-attention takes layers of this signature; the empty key is the plain UNet. On WebGPU its prediction stays on the
   * device.
   */
  unet(
    signature: StyleSignature,
    attention: AttentionLowering,
    padding: Padding = 'zeros',
  ): Promise<DeviceSession> {
    const { checkpoint, config } = this.#model;
    const options = { signature, attention, padding, precision: this.#precision };
    const keep = this.backend === 'webgpu' ? [PREDICTION] : [];
    return this.#unets.get(`${attention} ${padding} ${signature.key}`, this.#makeAlone, () =>
      createDeviceSession(buildUnet(checkpoint, config, options), { backend: this.backend }, keep),
    );
  }

  /** Where memory holds one session only, releases the others before another is made. */
  readonly #makeAlone = async (): Promise<void> => {
    if (this.#alone) await this.release();
  };

  /** Frees the encoders, which no step of a picture asks again. */
  releaseEncoders(): Promise<void> {
    return this.#encoders.releaseAll();
  }

  async release(): Promise<void> {
    for (const kept of [this.#texts, this.#decoders, this.#encoders, this.#previews, this.#unets])
      await kept.releaseAll();
  }

  #create(graph: EmittedGraph): Promise<Session> {
    return createSession(graph, { backend: this.backend });
  }
}
