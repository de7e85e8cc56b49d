// Reads what is to be published: a hypernetwork or an embedding, or a packed style taken apart again.
import {
  blobSource,
  type Embedding,
  isStyleFile,
  openStyleFile,
  readEmbedding,
  readHypernetwork,
  TinctureError,
} from '../../index.ts';
import { styleNameFrom, titleFrom } from '../../kit/style-names.ts';
import type { CardForm, NamedFile, StyleParts } from './publishing-state.ts';
import { EMPTY_FORM } from './publishing-state.ts';

/** Bytes of a file: the page holds it whole, and a packed copy. */
const MAX_BYTES = 256 * 2 ** 20;
/** The context width of Stable Diffusion 1.x. */
const SD1_WIDTH = 768;

export interface Brought {
  readonly parts: StyleParts;
  readonly form: CardForm;
  readonly pngs: readonly Uint8Array<ArrayBuffer>[];
}

/**
 * Takes a file apart. `width` is the loaded model's context width, which is proposed where the style has it. Throws
 * `publishing/file`, and what the readers of the formats throw.
 */
export async function bringStyle(file: File, author: string, width: number | undefined): Promise<Brought> {
  if (file.size > MAX_BYTES) {
    throw new TinctureError('publishing/file', 'the file is too large for this page', {
      where: file.name,
      expected: `at most ${MAX_BYTES / 2 ** 20} MiB`,
      found: `${Math.ceil(file.size / 2 ** 20)} MiB`,
      fix: 'Publish it with `tincture publish`.',
    });
  }
  const source = blobSource(file.name, file);
  if (await isStyleFile(source)) return fromStyle(file);
  const embedding = await readEmbedding(source);
  return embedding === undefined
    ? fromHypernetwork(file, author, width)
    : fromEmbedding(file, embedding, author);
}

async function fromStyle(file: File): Promise<Brought> {
  const { manifest, blob } = await openStyleFile(blobSource(file.name, file));
  const { blobs, title, name, version, author, licence, description, tags, triggerWords, ...rest } = manifest;
  const read = async ({ sha256, size }: { sha256: string; size: number }) => blob(sha256).read(0, size);
  const weights: NamedFile[] = [];
  for (const entry of [blobs.weights, ...(blobs.moreWeights ?? [])]) {
    if (entry !== null) {
      weights.push({ name: `weights ${weights.length}.safetensors`, bytes: await read(entry) });
    }
  }
  const { contextWidth } = rest.base;
  const isEmbedding = rest.kind === 'embedding';
  return {
    parts: {
      file,
      kind: isEmbedding ? 'embedding' : 'style',
      facts: isEmbedding
        ? [factOfVectors(rest.vectors ?? 1, contextWidth)]
        : [
            blobs.plugin === null
              ? 'no code of its own: the standard plugin applies it'
              : 'a plugin of its own',
            ...factsOfLayers(rest.layers),
            `${weights.length} weights ${weights.length === 1 ? 'file' : 'files'}`,
          ],
      plugin: blobs.plugin === null ? undefined : await read(blobs.plugin),
      weights,
      widths: [contextWidth],
      rest,
    },
    form: {
      title,
      name,
      version,
      author,
      licence,
      description,
      tags: tags.join(', '),
      triggerWords: triggerWords.join(', '),
      contextWidth,
    },
    pngs: await Promise.all(blobs.previews.map(read)),
  };
}

function factsOfLayers(layers: { widths: readonly number[]; activation: string } | null): string[] {
  return layers === null ? [] : [`layers for widths ${layers.widths.join(', ')}; ${layers.activation}`];
}

function factOfVectors(vectors: number, width: number): string {
  return `${vectors === 1 ? '1 vector' : `${vectors} vectors`} of width ${width}; its name is its word in prompts`;
}

async function fromEmbedding(file: File, embedding: Embedding, author: string): Promise<Brought> {
  const [vectors, contextWidth] = embedding.vectors.shape as [number, number];
  const name = styleNameFrom(file.name.replace(/\.[^.]+$/, ''));
  return {
    parts: {
      file,
      kind: 'embedding',
      facts: [
        factOfVectors(vectors, contextWidth),
        ...(embedding.step === undefined ? [] : [`trained for ${embedding.step} steps`]),
      ],
      plugin: undefined,
      weights: [{ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) }],
      widths: [contextWidth],
      rest: { kind: 'embedding', vectors },
    },
    form: { ...EMPTY_FORM, title: titleFrom(name), name, author, contextWidth },
    pngs: [],
  };
}

async function fromHypernetwork(file: File, author: string, width: number | undefined): Promise<Brought> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { description, widths } = await readHypernetwork(blobSource(file.name, file));
  const known = [...widths.keys()];
  const contextWidth =
    known.find((it) => it === SD1_WIDTH) ?? known.find((it) => it === width) ?? known[0] ?? SD1_WIDTH;
  const step = description.step === null ? [] : [`trained for ${description.step} steps`];
  const name = styleNameFrom(file.name.replace(/\.[^.]+$/, ''));
  return {
    parts: {
      file,
      kind: 'hypernetwork',
      facts: [
        `layers for widths ${known.join(', ')}; ${description.layerStructure.join(' · ')}, ${description.activation}`,
        ...step,
        'no code of its own: the standard plugin applies it',
      ],
      plugin: undefined,
      weights: [{ name: file.name, bytes }],
      widths: known,
      rest: { parameters: [{ name: 'strength', default: 1, minimum: 0, maximum: 1.5 }] },
    },
    form: {
      ...EMPTY_FORM,
      title: titleFrom(name),
      name,
      author,
      contextWidth,
    },
    pngs: [],
  };
}
