// What a manifest of the kind `embedding` must say, and what it must leave out: a word of the prompt, and its vectors.

/** Vectors of one embedding: as many as a prompt's chunk has places. */
export const MAX_EMBEDDING_VECTORS = 75;
/** The one tensor of an embedding's weights, [vectors, width]. */
export const EMBEDDING_TENSOR = 'emb_params';

/** What the rules look at: a card, or a whole manifest with its blobs. */
interface Described {
  readonly kind?: 'style' | 'embedding' | undefined;
  readonly vectors?: number | undefined;
  readonly layers: unknown;
  readonly parameters: readonly unknown[];
  readonly blobs?:
    | { readonly weights: unknown; readonly moreWeights?: unknown; readonly plugin: unknown }
    | undefined;
}

/** The first field that breaks the rules of its kind, with what is wrong; undefined where all is well. */
export function kindFault({
  kind,
  vectors,
  layers,
  parameters,
  blobs,
}: Described): { readonly path: string[]; readonly message: string } | undefined {
  if (kind !== 'embedding') {
    return vectors === undefined
      ? undefined
      : { path: ['vectors'], message: 'must not be there unless the kind is embedding' };
  }
  if (vectors === undefined)
    return { path: ['vectors'], message: 'must tell how many vectors the embedding has' };
  if (layers !== null) return { path: ['layers'], message: 'must be null: an embedding has no layers' };
  if (parameters.length > 0) {
    return { path: ['parameters'], message: 'must be empty: an embedding has no parameters' };
  }
  if (blobs === undefined) return undefined;
  if (blobs.plugin !== null) {
    return { path: ['blobs', 'plugin'], message: 'must be null: an embedding has no plugin' };
  }
  if (blobs.weights === null) {
    return { path: ['blobs', 'weights'], message: 'must be there: they are the vectors' };
  }
  return blobs.moreWeights === undefined
    ? undefined
    : { path: ['blobs', 'moreWeights'], message: 'must not be there: an embedding is one file' };
}
