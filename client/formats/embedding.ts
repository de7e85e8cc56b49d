// Textual-inversion embeddings: read from their containers, written as safetensors and as the reference writes `.pt`.
import { EMBEDDING_TENSOR } from '../../plugins/contract/embedding.ts';
import { widenToFloat32 } from '../tensor/widen.ts';
import { containerOf } from './container.ts';
import { pictureEmbedding } from './embedding-picture.ts';
import type { ByteSource, StoredTensor } from './entry.ts';
import { FormatError } from './errors.ts';
import { PickledTensor, type PickleValue } from './pickle-value.ts';
import { openSafetensors, storeFloat32, writeSafetensors } from './safetensors.ts';
import { readStored } from './tensor-file.ts';
import { openTorchFile, type TorchFile } from './torch-file.ts';
import { TorchTensor, type TorchTree, writeTorchFile } from './torch-write.ts';

/** The token that CLIP has for `*`, which the reference writes for all embeddings. */
const STAR_TOKEN = 265;

export interface Embedding {
  /** The word in the prompt; undefined where the file does not say, which means its stem. */
  readonly name: string | undefined;
  readonly step: number | undefined;
  readonly checkpointHash: string | undefined;
  readonly checkpointName: string | undefined;
  /** [vectors, width]. */
  readonly vectors: StoredTensor;
}

/** Reads an embedding, or gives undefined for a sound file that holds something else. */
export async function readEmbedding(source: ByteSource): Promise<Embedding | undefined> {
  const container = await containerOf(source);
  if (container === 'png') return readPicture(source);
  if (container === 'torch') return readTorch(await openTorchFile(source));
  const file = await openSafetensors(source);
  const entry = file.entries.get(EMBEDDING_TENSOR);
  if (entry === undefined) return undefined;
  return {
    ...describe(new Map(Object.entries(file.metadata))),
    vectors: asRows(await readStored(source, entry), source.name),
  };
}

async function readTorch(file: TorchFile): Promise<Embedding | undefined> {
  const tree = file.value;
  if (!(tree instanceof Map)) return undefined;
  const parameters = tree.get('string_to_param') ?? tree;
  if (!(parameters instanceof Map)) return undefined;
  const tensors = [...parameters.values()].filter((value) => value instanceof PickledTensor);
  // Without `string_to_param`, a dictionary of one tensor under any name.
  if (tensors.length !== 1 || (parameters === tree && tree.size !== 1)) return undefined;
  return { ...describe(tree), vectors: asRows(await file.read(tensors[0]!), file.source.name) };
}

async function readPicture(source: ByteSource): Promise<Embedding | undefined> {
  const value = await pictureEmbedding(source);
  if (value === undefined) return undefined;
  const where = source.name;
  const keys = new Map(Object.entries(isRecord(value) ? value : {}));
  const parameters = keys.get('string_to_param');
  const [first] = isRecord(parameters) ? Object.values(parameters) : [];
  const rows = isRecord(first) ? first['TORCHTENSOR'] : undefined;
  if (!isMatrix(rows)) throw new FormatError('invalid', 'no TORCHTENSOR of numbers', { where });
  const vectors = storeFloat32({
    shape: [rows.length, rows[0]!.length],
    data: new Float32Array(rows.flat()),
  });
  return { ...describe(keys), vectors };
}

/** The keys beside the vectors; in safetensors metadata they are texts. */
function describe(keys: ReadonlyMap<PickleValue, unknown>): Omit<Embedding, 'vectors'> {
  const text = (key: string): string | undefined => {
    const value = keys.get(key);
    return typeof value === 'string' ? value : undefined;
  };
  const step = Number(keys.get('step') ?? Number.NaN);
  return {
    name: text('name'),
    step: Number.isSafeInteger(step) ? step : undefined,
    checkpointHash: text('sd_checkpoint'),
    checkpointName: text('sd_checkpoint_name'),
  };
}

/** One axis means one vector. Refuses values that are not finite. */
function asRows(stored: StoredTensor, where: string): StoredTensor {
  const shape = stored.shape.length === 1 ? [1, stored.shape[0]!] : stored.shape;
  if (shape.length !== 2 || shape[0] === 0) {
    throw new FormatError('invalid', 'the embedding is no list of vectors', {
      where,
      expected: '[vectors, width]',
      found: `[${shape.join(', ')}]`,
    });
  }
  if (!widenToFloat32(stored.dtype, stored.bytes).every(Number.isFinite)) {
    throw new FormatError('invalid', 'the embedding holds values that are not finite', { where });
  }
  return { ...stored, shape };
}

/** `emb_params`, with what is known in the metadata. */
export function writeEmbeddingSafetensors(embedding: Embedding, name: string): Uint8Array<ArrayBuffer> {
  const metadata = Object.entries(keysOf(embedding, name)).map(([key, value]) => [key, String(value)]);
  return writeSafetensors(new Map([[EMBEDDING_TENSOR, embedding.vectors]]), {
    format: 'pt',
    ...Object.fromEntries(metadata),
  });
}

/** `{string_to_token, string_to_param, name, step, sd_checkpoint, sd_checkpoint_name}`. */
export function writeEmbeddingPt(embedding: Embedding, name: string): Uint8Array<ArrayBuffer> {
  const vectors = new TorchTensor(embedding.vectors);
  const tree = new Map<string | number, TorchTree>([
    ['string_to_token', new Map([['*', STAR_TOKEN]])],
    ['string_to_param', new Map([['*', vectors]])],
    ...Object.entries(keysOf(embedding, name)),
  ]);
  return writeTorchFile(embedding.name ?? name, tree);
}

function keysOf(
  { name, step, checkpointHash, checkpointName }: Embedding,
  stem: string,
): Record<string, string | number> {
  return {
    name: name ?? stem,
    ...(step !== undefined && { step }),
    ...(checkpointHash !== undefined && { sd_checkpoint: checkpointHash }),
    ...(checkpointName !== undefined && { sd_checkpoint_name: checkpointName }),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMatrix(value: unknown): value is number[][] {
  if (!Array.isArray(value) || !Array.isArray(value[0])) return false;
  const width = value[0].length;
  return value.every(
    (row) => Array.isArray(row) && row.length === width && row.every((x) => typeof x === 'number'),
  );
}
