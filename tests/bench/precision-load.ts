// One UNet with its weights in half and in single precision: bytes, session, steps, and how far the predictions part.
import { bytesSource } from '../../client/formats/bytes-source.ts';
import type { TensorFile } from '../../client/formats/entry.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { streamSafetensors } from '../../client/formats/safetensors-stream.ts';
import type { ModelConfig } from '../../client/models/architecture.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { parseModelManifest } from '../../client/models/manifest.ts';
import type { Precision } from '../../client/models/precision.ts';
import { buildUnet } from '../../client/models/unet.ts';
import { createSession } from '../../client/runtime/create.ts';
import type { Backend } from '../../client/runtime/session.ts';
import { relativeError, tensor } from '../../client/tensor/tensor.ts';

export interface PrecisionTimes {
  readonly weights: 'F16' | 'F32';
  readonly computes: Precision;
  readonly weightBytes: number;
  readonly sessionMs: number;
  /** All but the first. */
  readonly stepMs: readonly number[];
}

export interface PrecisionComparison {
  readonly half: PrecisionTimes;
  readonly single: PrecisionTimes;
  /** Relative error of the half one's prediction. */
  readonly error: number;
}

/**
 * Compares them on the same numbers: the single precision's are the halves, widened. Sessions take turns step by step. `computesHalf`:
 * whether shaders do; else halves are widened when the session is made.
 */
export async function comparePrecisions(
  checkpoint: TensorFile,
  manifest: unknown,
  { backend, computesHalf, steps }: { backend: Backend; computesHalf: boolean; steps: number },
): Promise<PrecisionComparison> {
  const config = readModelConfig(checkpoint, parseModelManifest(manifest, 'model.json'));
  const half = await unetOnly(checkpoint, 'F16');
  // The first session of all waits for the runtime itself.
  await (await start(half, config, 'F16', backend, 'float32')).release();
  const variants = [
    await start(half, config, 'F16', backend, computesHalf ? 'float16' : 'float32'),
    await start(await unetOnly(half, 'F32'), config, 'F32', backend, 'float32'),
  ] as const;
  const predictions: Float32Array[] = [];
  for (let turn = 0; turn <= steps; turn++) {
    for (const [i, variant] of variants.entries()) {
      const begun = performance.now();
      predictions[i] = await variant.step();
      if (turn > 0) variant.stepMs.push(performance.now() - begun);
    }
  }
  for (const variant of variants) await variant.release();
  const [halves, singles] = variants.map(({ times, stepMs }): PrecisionTimes => ({ ...times, stepMs }));
  return { half: halves!, single: singles!, error: relativeError(predictions[0]!, predictions[1]!) };
}

async function start(
  file: TensorFile,
  config: ModelConfig,
  weights: 'F16' | 'F32',
  backend: Backend,
  computes: Precision,
) {
  const begun = performance.now();
  const session = await createSession(buildUnet(file, config, { precision: computes }), { backend });
  const sessionMs = performance.now() - begun;
  const side = config.manifest.defaults.width / config.latentFactor;
  const shape = [2, config.latentChannels, side, side];
  const wave = (shape: readonly number[]) => {
    const values = tensor(shape);
    for (let i = 0; i < values.data.length; i++) values.data[i] = Math.sin(i);
    return values;
  };
  const context = wave([2, config.maxTokens, config.contextWidth]);
  const feeds = {
    sample: wave(shape),
    timestep: tensor([2], Float32Array.of(500, 500)),
    context_k: context,
    context_v: context,
  };
  return {
    times: { weights, computes, weightBytes: file.source.size, sessionMs },
    stepMs: [] as number[],
    step: async () => (await session.run(feeds)).noise_pred!.data,
    release: () => session.release(),
  };
}

/** The UNet's tensors in this precision, as a file in memory. */
async function unetOnly(file: TensorFile, dtype: 'F16' | 'F32'): Promise<TensorFile> {
  const names = [...file.entries.keys()].filter((name) => name.startsWith('model.diffusion_model.'));
  const stream = streamSafetensors(
    names.map((name) => ({
      name,
      dtype,
      shape: file.entries.get(name)!.shape,
      async *pieces() {
        const { data } = await file.read(name);
        const values = dtype === 'F16' ? Float16Array.from(data) : Float32Array.from(data);
        yield new Uint8Array(values.buffer);
      },
    })),
  );
  const bytes = new Uint8Array(stream.size);
  let at = 0;
  for await (const piece of stream.pieces()) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return openSafetensors(bytesSource(`unet ${dtype}`, bytes));
}
