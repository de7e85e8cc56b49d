// Weights that no graph can point at, or that would not fit as they lie, become a float32 copy, made once and kept.
import { bytesSource } from '../formats/bytes-source.ts';
import { digestOf, digestOfBytes } from '../formats/digest.ts';
import type { ByteSource, TensorEntry, TensorFile } from '../formats/entry.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import { type SafetensorsStream, streamSafetensors } from '../formats/safetensors-stream.ts';
import { readStored, tensorFile } from '../formats/tensor-file.ts';
import { isConvertible, isPointable } from '../models/convertible.ts';
import { PART_PREFIX } from '../models/names.ts';
import { DTYPE_BYTES } from '../tensor/tensor.ts';
import { widenToFloat32 } from '../tensor/widen.ts';
import type { Progress } from './engine.ts';
import { EngineError } from './errors.ts';
import type { WorkingFiles } from './working-files.ts';

/**
 * A part (UNet, text encoder, VAE) of up to so many bytes in half precision stays as it is where graphs compute in float32:
 * onnxruntime then widens it inside its 4 GiB heap when the session is made, which holds the halves and the float32
 * together, three times these bytes. Beyond, that fails (measured with 1.7 GB: `std::bad_alloc`), so it is copied.
 */
export const FOLDED_LIMIT_BYTES = 512 * 2 ** 20;
/** A copy of up to so many bytes is held in memory instead of on disk. */
export const MEMORY_COPY_BYTES = 64 * 2 ** 20;
/** Bytes of the source that are read and widened at once. */
const PIECE_BYTES = 8 * 2 ** 20;
/** A tensor with strides is read whole; the largest of any model has 200 MB. */
const STRIDED_LIMIT_BYTES = 2 ** 30;

export interface PreparationLimits {
  readonly foldedBytes: number;
  readonly memoryBytes: number;
}

const LIMITS: PreparationLimits = { foldedBytes: FOLDED_LIMIT_BYTES, memoryBytes: MEMORY_COPY_BYTES };

export interface Preparation {
  /** SHA-256 of the checkpoint's own file. */
  readonly sha256: string;
  /** Whether the UNet is computed in half precision, so that its halves are used as they lie. */
  readonly halfUnet: boolean;
  readonly files: WorkingFiles;
  /** Smaller ones for tests. */
  readonly limits?: PreparationLimits;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * The checkpoint with every tensor where a graph can point at it. bfloat16 widens exactly, float64 rounds; a tensor with
 * strides or out of a deflated archive is copied too. Never more than a piece of it is in memory, but for small models.
 * Throws `cache/quota` where the copy has no room, and the signal's reason.
 */
export async function prepareWeights(checkpoint: TensorFile, preparation: Preparation): Promise<TensorFile> {
  const { limits = LIMITS } = preparation;
  const chosen = copiedTensors(checkpoint, preparation.halfUnet, limits.foldedBytes);
  if (chosen.size === 0) return checkpoint;
  const stream = widened(checkpoint, chosen, preparation);
  const source =
    stream.size <= limits.memoryBytes
      ? await inMemory(stream)
      : await onDisk(checkpoint, chosen, stream, preparation);
  const copy = await openSafetensors(source);
  const entries = new Map(checkpoint.entries);
  for (const [name, entry] of copy.entries) entries.set(name, { ...entry, source });
  return { ...checkpoint, ...tensorFile(checkpoint.source, entries, checkpoint.metadata) };
}

/** The tensors to copy, by name. */
function copiedTensors(
  { entries }: TensorFile,
  halfUnet: boolean,
  foldedBytes: number,
): Map<string, TensorEntry> {
  const halves = new Map<string, number>();
  for (const [name, { dtype, byteLength }] of entries) {
    if (dtype !== 'F16') continue;
    const prefix = prefixOf(name);
    halves.set(prefix, (halves.get(prefix) ?? 0) + byteLength);
  }
  const chosen = new Map<string, TensorEntry>();
  for (const [name, entry] of entries) {
    const prefix = prefixOf(name);
    const stays = halfUnet && prefix === PART_PREFIX.unet;
    const tooMuch = entry.dtype === 'F16' && !stays && halves.get(prefix)! > foldedBytes;
    if (tooMuch || (!isPointable(entry) && isConvertible(entry))) chosen.set(name, entry);
  }
  return chosen;
}

function prefixOf(name: string): string {
  return Object.values(PART_PREFIX).find((prefix) => name.startsWith(`${prefix}.`)) ?? '';
}

function widened(
  { source }: TensorFile,
  chosen: ReadonlyMap<string, TensorEntry>,
  { signal, onProgress }: Preparation,
): SafetensorsStream {
  const total = [...chosen.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  let done = 0;
  const report = (bytes: number): void => {
    signal?.throwIfAborted();
    done += bytes;
    onProgress?.({ stage: 'model', message: 'widening the weights, once', done, total });
  };
  return streamSafetensors(
    [...chosen].map(([name, entry]) => ({
      name,
      dtype: 'F32',
      shape: entry.shape,
      pieces: () => widenedPieces(source, entry, report),
    })),
  );
}

async function* widenedPieces(
  fallback: ByteSource,
  entry: TensorEntry,
  report: (bytes: number) => void,
): AsyncIterable<Uint8Array<ArrayBuffer>> {
  const { dtype, byteLength, offset, strides } = entry;
  const source = entry.source ?? fallback;
  if (strides !== undefined) {
    if (byteLength > STRIDED_LIMIT_BYTES) throw tooLarge(source, entry);
    yield bytesOf(widenToFloat32(dtype, (await readStored(source, entry)).bytes));
    report(byteLength);
    return;
  }
  const step = PIECE_BYTES - (PIECE_BYTES % DTYPE_BYTES[dtype]);
  for (let at = 0; at < byteLength; at += step) {
    const length = Math.min(step, byteLength - at);
    yield bytesOf(widenToFloat32(dtype, await source.read(offset + at, length)));
    report(length);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function tooLarge({ name }: ByteSource, entry: TensorEntry): EngineError {
  return new EngineError(
    'engine/model',
    `tensor ${entry.name} is stored in strides and is too large to be put in order`,
    {
      where: name,
      expected: `at most ${STRIDED_LIMIT_BYTES} bytes`,
      found: String(entry.byteLength),
      fix: 'Save the checkpoint as a .safetensors file.',
    },
  );
}

async function inMemory(stream: SafetensorsStream): Promise<ByteSource> {
  const bytes = new Uint8Array(stream.size);
  let at = 0;
  for await (const piece of stream.pieces()) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytesSource('the model’s widened weights', bytes);
}

async function onDisk(
  { source }: TensorFile,
  chosen: ReadonlyMap<string, TensorEntry>,
  stream: SafetensorsStream,
  { sha256, files, signal }: Preparation,
): Promise<ByteSource> {
  const digests = new Map([[source, sha256]]);
  const parts: unknown[] = [];
  for (const [name, entry] of chosen) {
    const from = entry.source ?? source;
    const digest = digests.get(from) ?? (await digestOf(from, signal));
    digests.set(from, digest);
    parts.push([name, digest, entry.dtype, entry.offset, entry.shape, entry.strides]);
  }
  const recipe = digestOfBytes(new TextEncoder().encode(JSON.stringify(parts)));
  // The model's own digest first, so that what was made of a model can be removed with it.
  const key = `${sha256}-${recipe.slice(0, 16)}`;
  const kept = await files.open(key);
  return kept?.size === stream.size ? kept : files.write(key, stream.size, stream.pieces());
}
