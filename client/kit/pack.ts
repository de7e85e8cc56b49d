// Packs a style into one `.style` file. The same card, module, weights and previews give the same bytes everywhere.
import { cardDigest, withCardSection } from '../../plugins/contract/card-section.ts';
import { TinctureError } from '../../plugins/contract/error.ts';
import { MAX_WEIGHTS_FILES } from '../../plugins/contract/limits.ts';
import { kindOf, MAX_PREVIEWS, type StyleCard, type StyleManifest } from '../../plugins/contract/style.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import { bytesSource } from '../formats/bytes-source.ts';
import { containerOf } from '../formats/container.ts';
import { digestOfBytes } from '../formats/digest.ts';
import { readEmbedding, writeEmbeddingSafetensors } from '../formats/embedding.ts';
import { decodePng } from '../formats/png.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import { writeStyleFile } from '../formats/style-file.ts';
import { readHypernetworkRecord } from '../hypernetwork/read.ts';
import { type HypernetworkRecord, hypernetworkOf } from '../hypernetwork/record.ts';
import { METADATA_KEY } from '../hypernetwork/safetensors-metadata.ts';
import { writeHypernetworkSafetensors } from '../hypernetwork/write.ts';
import { checkCard } from './author-card.ts';

/** A file in hand; `name` stands in errors. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface PackRequest {
  /** Checked against the manifest's schema. `layers` may be missing: they are then the first weights file's, or null. */
  readonly card: Omit<StyleCard, 'layers'> & Partial<Pick<StyleCard, 'layers'>>;
  /** The module, with or without a card section; undefined: the standard plugin, or none where the weights are an embedding. */
  readonly plugin?: Uint8Array | undefined;
  /** The plugin's sets 0, 1 …: safetensors as they are, hypernetworks in .pt files converted. Without a plugin an embedding too. */
  readonly weights?: readonly NamedBytes[];
  /** PNG pictures. */
  readonly previews?: readonly NamedBytes[];
}

export interface PackedStyle {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly manifest: StyleManifest;
  /** Of the whole file, lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * Checks every part and packs them; the module receives the section that ties it to this card. Throws `kit/card` with
 * the field, `plugin/invalid` with the byte, a FormatError or HypernetworkError with the tensor, `kit/pack` where the
 * parts do not belong together.
 */
export async function packStyle(request: PackRequest): Promise<PackedStyle> {
  const { plugin, weights = [], previews = [] } = request;
  checkCount('weights files', weights.length, MAX_WEIGHTS_FILES);
  checkCount('previews', previews.length, MAX_PREVIEWS);
  const sets = await Promise.all(
    weights.map(async (file) => (plugin === undefined && (await readVectors(file))) || readWeights(file)),
  );
  const first = sets[0]?.hypernetwork;
  const embedding = sets[0]?.embedding;
  if (plugin === undefined && first === undefined && embedding === undefined) {
    throw new TinctureError(
      'kit/pack',
      'what has no plugin is a hypernetwork or an embedding, and there is none',
      {
        where: weights[0]?.name ?? 'weights',
        fix: 'Give one of them as the first weights file, or a plugin.',
      },
    );
  }
  const layers = first === undefined ? null : layersOf(first);
  checkKind(request.card, embedding, weights[0]?.name ?? 'weights');
  const card = checkCard({
    ...request.card,
    ...(embedding && { kind: 'embedding', vectors: embedding.vectors }),
    layers: request.card.layers === undefined ? layers : request.card.layers,
    ...originsOf(request.card.origins, sets),
  });
  if (first !== undefined && request.card.layers != null) checkLayers(card, first, weights[0]!.name);
  for (const { name, bytes } of previews) decodePng(bytes, name);

  const blobs = new Map<string, Uint8Array>();
  const keep = (bytes: Uint8Array): { sha256: string; size: number } => {
    const sha256 = digestOfBytes(bytes);
    blobs.set(sha256, bytes);
    return { sha256, size: bytes.length };
  };
  if (plugin !== undefined) validatePlugin(plugin, { name: card.name });
  const [mainWeights, ...moreWeights] = sets.map(({ bytes }) => keep(bytes));
  const manifest: StyleManifest = {
    ...card,
    blobs: {
      weights: mainWeights ?? null,
      ...(moreWeights.length === 0 ? {} : { moreWeights }),
      plugin: plugin === undefined ? null : keep(withCardSection(plugin, cardDigest(card))),
      previews: previews.map(({ bytes }) => keep(bytes)),
    },
  };
  const bytes = writeStyleFile(manifest, blobs);
  return { bytes, manifest, sha256: digestOfBytes(bytes) };
}

interface VectorsShape {
  readonly vectors: number;
  readonly width: number;
}

interface WeightsSet {
  /** As they are packed. */
  readonly bytes: Uint8Array;
  /** Undefined where the file holds other tensors. */
  readonly hypernetwork: HypernetworkRecord | undefined;
  /** Undefined where it is none. */
  readonly embedding?: VectorsShape;
  /** SHA-256 of the file that it was converted from. */
  readonly origin?: string;
}

async function readWeights({ name, bytes }: NamedBytes): Promise<WeightsSet> {
  const source = bytesSource(name, bytes);
  if ((await containerOf(source)) === 'torch') {
    const record = await readHypernetworkRecord(source);
    hypernetworkOf(record, name);
    return {
      bytes: writeHypernetworkSafetensors(record),
      hypernetwork: record,
      origin: digestOfBytes(bytes),
    };
  }
  const { metadata } = await openSafetensors(source);
  if (metadata[METADATA_KEY] === undefined) return { bytes, hypernetwork: undefined };
  const record = await readHypernetworkRecord(source);
  hypernetworkOf(record, name);
  return { bytes, hypernetwork: record };
}

/** An embedding as registries keep it, whatever its container; undefined for what is none. */
async function readVectors({ name, bytes }: NamedBytes): Promise<WeightsSet | undefined> {
  const embedding = await readEmbedding(bytesSource(name, bytes));
  if (embedding === undefined) return undefined;
  const [vectors, width] = embedding.vectors.shape as [number, number];
  const packed = writeEmbeddingSafetensors(embedding, name.replace(/^.*[\\/]/, '').replace(/\.[^.]+$/, ''));
  const [origin, kept] = [digestOfBytes(bytes), digestOfBytes(packed)];
  return {
    bytes: packed,
    hypernetwork: undefined,
    embedding: { vectors, width },
    ...(origin !== kept && { origin }),
  };
}

/** What the card says of its kind must be what the weights are. */
function checkKind(card: PackRequest['card'], embedding: VectorsShape | undefined, where: string): void {
  const fail = (what: string, expected: string, found: string): TinctureError =>
    new TinctureError('kit/pack', `the card’s ${what} is not that of the weights`, {
      where,
      expected,
      found,
    });
  if (card.kind !== undefined && (kindOf(card) === 'embedding') !== (embedding !== undefined)) {
    throw fail('kind', embedding === undefined ? 'style' : 'embedding', card.kind);
  }
  if (embedding === undefined) return;
  const { contextWidth } = card.base;
  if (contextWidth !== embedding.width) {
    throw fail('base.contextWidth', String(embedding.width), String(contextWidth));
  }
  if (card.vectors !== undefined && card.vectors !== embedding.vectors) {
    throw fail('vectors', String(embedding.vectors), String(card.vectors));
  }
}

/** What the author says, else the files that were converted here: pictures drawn with those carry their hashes. */
function originsOf(said: readonly string[] | undefined, sets: readonly WeightsSet[]): { origins?: string[] } {
  const origins = said ?? sets.flatMap(({ origin }) => origin ?? []);
  return origins.length === 0 ? {} : { origins: [...new Set(origins)] };
}

/** What the card says of a hypernetwork. */
function layersOf({ description, widths }: HypernetworkRecord): NonNullable<StyleCard['layers']> {
  const { layerStructure, activation, layerNorm, activateOutput } = description;
  return {
    widths: [...widths].sort((a, b) => a - b),
    structure: [...layerStructure],
    activation,
    layerNorm,
    activateOutput,
  };
}

function checkLayers({ layers }: StyleCard, record: HypernetworkRecord, where: string): void {
  const found = layersOf(record);
  for (const field of Object.keys(found) as (keyof typeof found)[]) {
    const said = layers?.[field];
    const same =
      field === 'widths' && Array.isArray(said)
        ? JSON.stringify([...(said as number[])].sort((a, b) => a - b)) === JSON.stringify(found.widths)
        : JSON.stringify(said) === JSON.stringify(found[field]);
    if (same) continue;
    throw new TinctureError('kit/pack', `the card's layers.${field} are not those of the weights`, {
      where,
      expected: JSON.stringify(found[field]),
      found: JSON.stringify(said),
      fix: 'Leave layers out of the card: packing reads them off the weights.',
    });
  }
}

function checkCount(what: string, count: number, maximum: number): void {
  if (count <= maximum) return;
  throw new TinctureError('kit/pack', `too many ${what}`, {
    expected: `at most ${maximum}`,
    found: String(count),
  });
}
