// What a checkpoint is, in a few facts for people: family, parts, parameters, element types.
import { DTYPE_BYTES, type DType, elementCount } from '../tensor/tensor.ts';
import { architectureOf, type Checkpoint, type PartLayout } from './checkpoint.ts';
import type { ModelArchitecture } from './manifest.ts';
import { PART_PREFIX, type PartName, TEXT_PREFIX, UNET_PREFIX } from './names.ts';

export interface PartDescription {
  readonly part: PartName;
  readonly layout: PartLayout;
  /** The file that it lies in. */
  readonly file: string;
  readonly parameters: number;
  readonly bytes: number;
  /** Element types of its weights, the most used first. */
  readonly dtypes: readonly DType[];
}

export interface ModelDescription {
  readonly architecture: ModelArchitecture;
  /** Such as `Stable Diffusion 1.x, inpainting`. */
  readonly family: string;
  readonly parts: readonly PartDescription[];
  /** Parts that no file has. */
  readonly missing: readonly PartName[];
  readonly parameters: number;
  /** Tokens that the text encoder has embeddings for; undefined without one. */
  readonly vocabulary: number | undefined;
}

const FAMILIES: Readonly<Record<ModelArchitecture, string>> = {
  'stable-diffusion-v1': 'Stable Diffusion 1.x',
  'stable-diffusion-v2': 'Stable Diffusion 2.x',
};
/** Latent, mask and masked latent. */
const INPAINTING_CHANNELS = 9;

export function describeCheckpoint(checkpoint: Checkpoint): ModelDescription {
  const { parts, entries } = checkpoint;
  const architecture = architectureOf(checkpoint);
  const channels = entries.get(`${UNET_PREFIX}.input_blocks.0.0.weight`)?.shape[1];
  const described = [...parts.values()].map(({ name, layout, file, entries: tensors }): PartDescription => {
    const byType = new Map<DType, number>();
    let parameters = 0;
    let bytes = 0;
    for (const { dtype, shape } of tensors.values()) {
      // Whole numbers are positions and counters, not weights.
      if (!/^(F|BF)/.test(dtype)) continue;
      const count = elementCount(shape);
      parameters += count;
      bytes += count * DTYPE_BYTES[dtype];
      byType.set(dtype, (byType.get(dtype) ?? 0) + count);
    }
    const dtypes = [...byType].sort(([, a], [, b]) => b - a).map(([dtype]) => dtype);
    return { part: name, layout, file, parameters, bytes, dtypes };
  });
  return {
    architecture,
    family: FAMILIES[architecture] + (channels === INPAINTING_CHANNELS ? ', inpainting' : ''),
    parts: described,
    missing: (Object.keys(PART_PREFIX) as PartName[]).filter((part) => !parts.has(part)),
    parameters: described.reduce((sum, part) => sum + part.parameters, 0),
    vocabulary: entries.get(`${TEXT_PREFIX}.embeddings.token_embedding.weight`)?.shape[0],
  };
}
