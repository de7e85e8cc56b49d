// The sessions of one model: made when first needed, the UNet's kept by the styles' signature.
import { buildDecoder } from '../models/decoder.ts';
import type { StyleSignature } from '../models/styles.ts';
import { buildTextEncoder } from '../models/text-encoder.ts';
import { buildUnet } from '../models/unet.ts';
import type { EmittedGraph } from '../onnx/graph.ts';
import { createSession } from '../runtime/create.ts';
import type { Backend, Session } from '../runtime/session.ts';
import type { OpenModel } from './model.ts';

/** UNet sessions kept at once: the plain one and one of the last styles' shape. */
const UNET_SESSIONS_KEPT = 2;

/** Makes and keeps the sessions of a model. */
export class Sessions {
  readonly #model: OpenModel;
  readonly #backend: Backend;
  #text: Promise<Session> | undefined;
  #decoder: Promise<Session> | undefined;
  /** By signature key, in order of last use. */
  readonly #unets = new Map<string, Promise<Session>>();

  constructor(model: OpenModel, backend: Backend) {
    this.#model = model;
    this.#backend = backend;
  }

  textEncoder(): Promise<Session> {
    this.#text ??= this.#create(buildTextEncoder(this.#model.checkpoint, this.#model.config), () => {
      this.#text = undefined;
    });
    return this.#text;
  }

  decoder(): Promise<Session> {
    this.#decoder ??= this.#create(buildDecoder(this.#model.checkpoint, this.#model.config), () => {
      this.#decoder = undefined;
    });
    return this.#decoder;
  }

  /** The UNet whose self-attention takes layers of this signature; the empty key is the plain UNet. */
  async unet(signature: StyleSignature): Promise<Session> {
    const { key } = signature;
    const kept = this.#unets.get(key);
    this.#unets.delete(key);
    const session =
      kept ??
      this.#create(buildUnet(this.#model.checkpoint, this.#model.config, { signature }), () =>
        this.#unets.delete(key),
      );
    this.#unets.set(key, session);
    const oldest = this.#unets.keys().next().value;
    if (this.#unets.size > UNET_SESSIONS_KEPT && oldest !== undefined) {
      const dropped = this.#unets.get(oldest);
      this.#unets.delete(oldest);
      await (await dropped)?.release();
    }
    return session;
  }

  async release(): Promise<void> {
    const all = [this.#text, this.#decoder, ...this.#unets.values()];
    this.#text = this.#decoder = undefined;
    this.#unets.clear();
    const settled = await Promise.allSettled(all);
    for (const result of settled) if (result.status === 'fulfilled') await result.value?.release();
  }

  /** A session that failed to be made is forgotten, so that the next picture tries anew. */
  #create(graph: EmittedGraph, forget: () => void): Promise<Session> {
    const session = createSession(graph, { backend: this.#backend });
    session.catch(forget);
    return session;
  }
}
