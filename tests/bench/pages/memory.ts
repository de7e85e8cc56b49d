// Runs in the page: loads the checkpoint that its file input holds.
import { blobSource } from '../../../client/formats/blob-source.ts';
import { type Loading, loadModel } from '../memory-load.ts';

let step: (() => Promise<number>) | undefined;

/** Loads; gives the seconds that it took. */
export async function load(manifest: unknown, loading: Loading): Promise<number> {
  const file = document.querySelector('input')?.files?.[0];
  if (file === undefined) throw new Error('no checkpoint was chosen');
  const started = performance.now();
  step = await loadModel(blobSource(file.name, file), manifest, loading);
  return (performance.now() - started) / 1000;
}

/** One UNet step in ms. */
export async function timeStep(): Promise<number> {
  if (step === undefined) throw new Error('nothing is loaded');
  return step();
}
