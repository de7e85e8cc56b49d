// What the card of a trained style or embedding records of its training.
import type { StyleTraining } from '../../plugins/contract/style.ts';
import type { ModelWidths, TrainingRequest } from './request.ts';

/** The model, as cards name it. */
export interface StyleBaseModel {
  readonly facts: ModelWidths;
  readonly manifest: { readonly architecture: string };
  readonly sha256: string;
}

/** Facts after `steps` steps on `pictures` pictures, those held back and mirrored ones not counted. */
export function styleFacts(
  request: Pick<TrainingRequest, 'kind' | 'name' | 'batch' | 'accumulation' | 'rate' | 'vectors'>,
  { facts, manifest, sha256 }: StyleBaseModel,
  pictures: number,
  steps: number,
) {
  const training: StyleTraining = {
    pictures,
    steps,
    batch: request.batch * request.accumulation,
    rates: request.rate,
    base: facts.name,
  };
  const base = {
    architecture: manifest.architecture,
    contextWidth: facts.contextWidth,
    checkpointSha256: sha256,
  };
  const vectors = request.kind === 'embedding' ? request.vectors : undefined;
  return { name: request.name, base, training, vectors };
}
