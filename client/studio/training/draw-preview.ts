// A preview of what is being trained: pictures at fixed seeds, drawn with the state of one step by the studio's engine.

import type { TrainingRequest } from '../../training/request.ts';
import type { Studio } from '../components/studio-context.ts';
import { requestOf } from '../state/draw-request.ts';
import { FIRST_SETTINGS, withDefaults } from '../state/settings.ts';

export interface PreviewWish {
  readonly request: Pick<TrainingRequest, 'kind' | 'name' | 'size'>;
  /** Hash of the model that is trained over. */
  readonly modelHash: string;
  readonly prompt: string;
  readonly seeds: readonly bigint[];
  /** The state as a safetensors file. */
  readonly file: Uint8Array<ArrayBuffer>;
}

/** The PNGs; words where they cannot be drawn now. Rejects with what drawing throws. */
export async function drawPreview(
  { store, actions, tincture }: Studio,
  { request, modelHash, prompt, seeds, file }: PreviewWish,
  signal: AbortSignal,
): Promise<readonly Uint8Array<ArrayBuffer>[] | string> {
  const engine = await actions.engineFor(signal);
  if (engine === undefined) return 'the model could not be loaded for it';
  if (engine.model.hash !== modelHash) return 'another model is chosen than the one that is trained over';
  const { models, model } = store.state();
  const defaults = models.find(({ name }) => name === model)?.defaults ?? {};
  const settings = { ...withDefaults(FIRST_SETTINGS, defaults), ...request.size, prompt };
  const source = new File([file], `${request.name}.safetensors`);
  const embedding = request.kind === 'embedding' ? await tincture.describeEmbedding(source) : undefined;
  const styles =
    request.kind === 'embedding' ? [] : [{ style: { name: source.name, file: source }, strength: 1 }];
  const embeddings = embedding === undefined ? [] : [embedding];
  const pngs: Uint8Array<ArrayBuffer>[] = [];
  for (const seed of seeds) {
    const wish = requestOf({ ...settings, seed: String(seed) }, styles, tincture, embeddings);
    pngs.push((await engine.generate({ ...wish, previewEvery: 0 }, { signal })).png);
  }
  return pngs;
}

/** What previews show: the words that were asked for, else a caption; a subject's own word is added where it lacks. */
export function previewPrompt(wanted: string, caption: string, name: string, isSubject: boolean): string {
  if (wanted !== '') return wanted;
  return isSubject ? [caption, name].filter((words) => words !== '').join(', ') : caption;
}
