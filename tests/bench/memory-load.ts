// Loads a whole model, every graph of it, and times UNet steps; the same in Node and in a page.
import type { ByteSource } from '../../client/formats/entry.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { buildDecoder } from '../../client/models/decoder.ts';
import { buildEncoder } from '../../client/models/encoder.ts';
import { parseModelManifest } from '../../client/models/manifest.ts';
import { buildTextEncoder } from '../../client/models/text-encoder.ts';
import { buildUnet } from '../../client/models/unet.ts';
import { createSession } from '../../client/runtime/create.ts';
import type { Backend, Session } from '../../client/runtime/session.ts';
import { tensor } from '../../client/tensor/tensor.ts';

/** How a model is loaded. */
export interface Loading {
  readonly backend: Backend;
  /** Without it, the runtime's own choice. */
  readonly prepack?: boolean;
  /** The plain build with the whole file in memory, as where JSPI is missing and there is no Worker. */
  readonly plain?: boolean;
}

const LATENT = 8;

/** Makes the sessions of all graphs and keeps them. Gives a function that times one UNet step in ms. */
export async function loadModel(
  checkpoint: ByteSource,
  manifest: unknown,
  { backend, prepack, plain }: Loading,
): Promise<() => Promise<number>> {
  if (plain === true) Reflect.deleteProperty(WebAssembly, 'Suspending');
  const file = await openSafetensors(checkpoint);
  const config = readModelConfig(file, parseModelManifest(manifest, 'model.json'));
  const options = { backend, ...(prepack === undefined ? {} : { prepack }) };
  const sessions: Session[] = [];
  for (const graph of [
    buildTextEncoder(file, config),
    buildUnet(file, config),
    buildDecoder(file, config),
    buildEncoder(file, config),
  ]) {
    sessions.push(await createSession(graph, options));
  }
  const context = tensor([2, config.maxTokens, config.contextWidth]);
  const feeds = {
    sample: tensor([2, config.latentChannels, LATENT, LATENT]),
    timestep: tensor([2], Float32Array.of(500, 500)),
    context_k: context,
    context_v: context,
  };
  return async () => {
    const start = performance.now();
    await sessions[1]!.run(feeds);
    return performance.now() - start;
  };
}
