// The golden pictures as requests to an engine; the same in Node and in a page.
import type { GenerateRequest, Tensor } from '../../client/index.ts';

/** One entry of golden/pictures/cases.json. */
export interface PictureCase {
  readonly prompt: string;
  readonly negative: string;
  readonly width: number;
  readonly height: number;
  readonly guidance: number;
  readonly seed: number;
  readonly batch?: number;
  readonly variation?: readonly [seed: number, strength: number];
  readonly sampler: string;
  readonly schedule: string;
  readonly steps: number;
  readonly clip_skip?: number;
  readonly strength?: number;
  readonly styles?: readonly (readonly [file: string, strength: number])[];
}

/** `folder` holds the styles; `initLatent` is the case's own. */
export function goldenRequest(
  golden: PictureCase,
  folder: string,
  initLatent: Tensor | undefined,
): GenerateRequest {
  const { variation } = golden;
  return {
    prompt: golden.prompt,
    negativePrompt: golden.negative,
    width: golden.width,
    height: golden.height,
    guidance: golden.guidance,
    seed: golden.seed,
    sampler: golden.sampler,
    schedule: golden.schedule,
    steps: golden.steps,
    styles: (golden.styles ?? []).map(([file, strength]) => ({ style: `${folder}/${file}`, strength })),
    ...(golden.batch !== undefined && { batchSize: golden.batch }),
    ...(variation && { variationSeed: variation[0], variationStrength: variation[1] }),
    ...(golden.clip_skip !== undefined && { clipSkip: golden.clip_skip }),
    ...(golden.strength !== undefined && { denoisingStrength: golden.strength }),
    ...(initLatent && { initLatent }),
  };
}
