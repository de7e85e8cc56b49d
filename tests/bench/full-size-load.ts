// Loads a full-size model part by part and times it; the same in Node and in a page.
import { prepareWeights } from '../../client/engine/prepare-weights.ts';
import type { WorkingFiles } from '../../client/engine/working-files.ts';
import type { ByteSource } from '../../client/formats/entry.ts';
import { openTensorFile } from '../../client/formats/open-tensors.ts';
import { assembleCheckpoint } from '../../client/models/checkpoint.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { parseModelManifest } from '../../client/models/manifest.ts';
import { buildUnet } from '../../client/models/unet.ts';
import { createSession } from '../../client/runtime/create.ts';
import type { Backend } from '../../client/runtime/session.ts';
import { tensor } from '../../client/tensor/tensor.ts';

export interface FullSizeTimes {
  /** Reading the header and checking every tensor. */
  readonly open: number;
  /** The float32 copy, the first time. */
  readonly widen: number;
  /** Building and serialising the UNet's graph. */
  readonly graph: number;
  readonly session: number;
}

export interface FullSizeModel {
  /** Milliseconds. */
  readonly times: FullSizeTimes;
  /** One UNet step of one row on a latent of so many elements a side; ms, and whether all numbers were finite. */
  step(side: number): Promise<{ ms: number; finite: boolean }>;
}

/** Any digest names the working copy. */
const SHA256 = '0'.repeat(64);

/** Opens the checkpoint and makes the UNet's session. */
export async function loadFullSize(
  checkpoint: ByteSource,
  manifest: unknown,
  backend: Backend,
  files: WorkingFiles,
): Promise<FullSizeModel> {
  const clock = stopwatch();
  const file = assembleCheckpoint([await openTensorFile(checkpoint)]);
  const config = readModelConfig(file, parseModelManifest(manifest, 'model.json'));
  const open = clock();
  const prepared = await prepareWeights(file, { sha256: SHA256, halfUnet: false, files });
  const widen = clock();
  const graph = buildUnet(prepared, config, { attention: 'plain' });
  const built = clock();
  const unet = await createSession(graph, { backend });
  const session = clock();
  const context = tensor([1, config.maxTokens, config.contextWidth]).data.map((_, i) => Math.sin(i));
  return {
    times: { open, widen, graph: built, session },
    async step(side) {
      const start = performance.now();
      const { noise_pred } = await unet.run({
        sample: tensor(
          [1, 4, side, side],
          tensor([4 * side * side]).data.map((_, i) => Math.cos(i)),
        ),
        timestep: tensor([1], Float32Array.of(500)),
        context_k: tensor([1, config.maxTokens, config.contextWidth], context),
        context_v: tensor([1, config.maxTokens, config.contextWidth], context),
      });
      return { ms: performance.now() - start, finite: noise_pred!.data.every(Number.isFinite) };
    },
  };
}

/** Milliseconds since the last call. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const passed = now - last;
    last = now;
    return passed;
  };
}
