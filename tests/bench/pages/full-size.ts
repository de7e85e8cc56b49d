// Runs in the page: loads the full-size checkpoint that its file input holds.
import { opfsWorkingFiles } from '../../../client/engine/working-files-opfs.ts';
import { blobSource } from '../../../client/formats/blob-source.ts';
import type { Backend } from '../../../client/runtime/session.ts';
import { type FullSizeModel, type FullSizeTimes, loadFullSize } from '../full-size-load.ts';

let model: FullSizeModel | undefined;

export async function load(manifest: unknown, backend: Backend): Promise<FullSizeTimes> {
  const file = document.querySelector('input')?.files?.[0];
  if (file === undefined) throw new Error('no checkpoint was chosen');
  model = await loadFullSize(blobSource(file.name, file), manifest, backend, opfsWorkingFiles());
  return model.times;
}

export async function step(side: number): Promise<{ ms: number; finite: boolean }> {
  if (model === undefined) throw new Error('nothing is loaded');
  return model.step(side);
}
