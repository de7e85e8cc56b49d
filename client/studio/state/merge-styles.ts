// The weighted sum of styles at hand, as a file of its own: on this device, and nothing is uploaded.
import {
  blobSource,
  type Hypernetwork,
  HypernetworkSum,
  isStyleFile,
  openStyleFile,
  readHypernetwork,
  TinctureError,
  writeHypernetworkPt,
  writeHypernetworkSafetensors,
} from '../../index.ts';
import type { ShelfStyle } from './styles.ts';
import type { Tincture } from './tincture.ts';

export interface MergePart {
  readonly style: ShelfStyle;
  readonly weight: number;
}

export interface Merged {
  readonly file: File;
  /** What it is the sum of, as the file itself tells. */
  readonly recipe: string;
}

export interface MergeOptions {
  readonly signal: AbortSignal;
  /** Called before each part is read, from 0. */
  readonly onPart?: (part: number) => void;
}

/**
 * Adds up the weights of hypernetworks of one shape, one at a time. Throws `hypernetwork/mismatch` naming the style that is of
 * another shape, `studio/merge` for one with code of its own, and what the readers and the registry throw; rejects with the
 * signal's reason.
 */
export async function mergeStyles(
  parts: readonly MergePart[],
  name: string,
  format: 'pt' | 'safetensors',
  tincture: Pick<Tincture, 'styleWeights'>,
  { signal, onPart }: MergeOptions,
): Promise<Merged> {
  const sum = new HypernetworkSum();
  for (const [index, { style, weight }] of parts.entries()) {
    signal.throwIfAborted();
    onPart?.(index);
    sum.add(await networkOf(style, tincture), weight, style.title);
  }
  signal.throwIfAborted();
  const record = sum.finish(name);
  const bytes = format === 'pt' ? writeHypernetworkPt(record) : writeHypernetworkSafetensors(record);
  return {
    file: new File([bytes], `${name}.${format}`),
    recipe: record.description.optionalInfo ?? '',
  };
}

/** A file's name without its ending that no system dislikes; undefined for a text that leaves none. */
export function fileNameOf(text: string): string | undefined {
  const name = text
    .trim()
    .replaceAll(/[^\p{L}\p{N}._ -]+/gu, '-')
    .replace(/^[.\s-]+/, '')
    .slice(0, 80);
  return name === '' ? undefined : name;
}

async function networkOf(
  { name, title, file }: ShelfStyle,
  tincture: Pick<Tincture, 'styleWeights'>,
): Promise<Hypernetwork> {
  if (file === undefined) {
    const weights = await tincture.styleWeights(name);
    return readHypernetwork(blobSource(weights.name, weights));
  }
  const source = blobSource(name, file);
  if (!(await isStyleFile(source))) return readHypernetwork(source);
  const { manifest, blob } = await openStyleFile(source);
  const { weights, plugin } = manifest.blobs;
  if (plugin === null && weights !== null) return readHypernetwork(blob(weights.sha256));
  throw new TinctureError('studio/merge', 'the style has code of its own, which has no sum', {
    where: title,
    expected: 'a hypernetwork',
    fix: 'To draw with both, take both into use.',
  });
}
