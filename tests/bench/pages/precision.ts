// Runs in the page: the default model's UNet in both precisions on WebGPU.
import { blobSource } from '../../../client/formats/blob-source.ts';
import { openSafetensors } from '../../../client/formats/safetensors.ts';
import { chooseBackend } from '../../../client/runtime/backend.ts';
import { computesHalf } from '../../../client/runtime/gpu.ts';
import { comparePrecisions, type PrecisionComparison } from '../precision-load.ts';

/** The adapter in words, and whether its shaders compute in half precision. */
export async function adapter(): Promise<{ words: string; half: boolean }> {
  const { reason } = await chooseBackend('webgpu');
  return { words: reason, half: await computesHalf() };
}

export async function compare(folder: string, half: boolean, steps: number): Promise<PrecisionComparison> {
  const manifest: unknown = await (await fetch(`${folder}/model.json`)).json();
  const blob = await (await fetch(`${folder}/checkpoint.safetensors`)).blob();
  const checkpoint = await openSafetensors(blobSource('checkpoint.safetensors', blob));
  return comparePrecisions(checkpoint, manifest, { backend: 'webgpu', computesHalf: half, steps });
}
