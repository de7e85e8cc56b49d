// Inspecting files of tensors: hypernetworks, embeddings, checkpoints.
import { TinctureError } from '../../plugins/contract/error.ts';
import { type Embedding, readEmbedding } from '../formats/embedding.ts';
import type { ByteSource, TensorFile } from '../formats/entry.ts';
import { openTensorFile } from '../formats/open-tensors.ts';
import {
  elementCount,
  HypernetworkError,
  type HypernetworkRecord,
  hypernetworkOf,
  readHypernetworkRecord,
} from '../node.ts';
import { table } from './output.ts';
import type { Report } from './report.ts';

/** Longer lists are for `--json`. */
const SHOWN_TENSORS = 40;

export async function inspectTensors(source: ByteSource): Promise<Report> {
  const embedding = await readEmbedding(source);
  if (embedding !== undefined) return reportEmbedding(embedding);
  try {
    return reportHypernetwork(await readHypernetworkRecord(source), source.name);
  } catch (error) {
    if (!(error instanceof HypernetworkError) || error.code !== 'hypernetwork/not-a-hypernetwork')
      throw error;
    return reportTensors(await openTensorFile(source));
  }
}

function reportHypernetwork(record: HypernetworkRecord, where: string): Report {
  const { description, widths, tensors } = record;
  const types = [...new Set([...tensors.values()].map(({ dtype }) => dtype))];
  const parameters = sum([...tensors.values()].map(({ shape }) => elementCount(shape)));
  const problem = problemOf(record, where);
  const { name, step, layerStructure, activation, layerNorm, activateOutput, dropoutStructure } = description;
  return {
    facts: {
      kind: 'hypernetwork',
      ...description,
      widths,
      dtypes: types,
      parameters,
      tensors: [...tensors].map(([tensor, { dtype, shape }]) => ({ name: tensor, dtype, shape })),
      extra: record.extra,
      ignoredKeys: record.ignored,
      problem,
    },
    rows: [
      ['name', name],
      ['step', step === null ? 'not told' : String(step)],
      ['widths', widths.join(', ')],
      ['layers', `[${layerStructure.join(', ')}]`],
      ['activation', activateOutput ? `${activation}, after the last layer too` : activation],
      ['layer norm', layerNorm ? 'yes' : 'no'],
      ['dropout', dropoutStructure.some((rate) => rate > 0) ? `[${dropoutStructure.join(', ')}]` : 'none'],
      [
        'made for',
        [description.checkpointName, description.checkpointHash].filter((part) => part !== null).join(' ') ||
          'not told',
      ],
      ...(description.optionalInfo === null ? [] : ([['info', description.optionalInfo]] as const)),
      ['weights', `${parameters} as ${types.join(', ')}`],
      ['usable', problem ?? 'yes'],
    ],
  };
}

/** Why the style could not be used, in the words that using it would get. */
function problemOf(record: HypernetworkRecord, where: string): string | null {
  try {
    hypernetworkOf(record, where);
    return null;
  } catch (error) {
    if (error instanceof TinctureError) return error.message;
    throw error;
  }
}

function reportEmbedding({ name, step, checkpointHash, checkpointName, vectors }: Embedding): Report {
  const [count, width] = vectors.shape;
  return {
    facts: {
      kind: 'embedding',
      name: name ?? null,
      step: step ?? null,
      checkpointHash: checkpointHash ?? null,
      checkpointName: checkpointName ?? null,
      vectors: count,
      width,
      dtype: vectors.dtype,
    },
    rows: [
      ['name', name ?? 'not told: the file’s own'],
      ['step', String(step ?? 'not told')],
      ['vectors', `${count} of width ${width}, ${vectors.dtype}`],
      [
        'made for',
        [checkpointName, checkpointHash].filter((part) => part !== undefined).join(' ') || 'not told',
      ],
    ],
  };
}

function reportTensors({ entries, metadata }: TensorFile): Report {
  const list = [...entries.values()];
  const parameters = sum(list.map(({ shape }) => elementCount(shape)));
  const lines = list
    .slice(0, SHOWN_TENSORS)
    .map(({ name, dtype, shape }) => [name, dtype, `[${shape.join(', ')}]`]);
  const more = list.length - SHOWN_TENSORS;
  return {
    facts: {
      kind: 'tensors',
      parameters,
      tensors: list.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      metadata,
    },
    rows: [
      ['tensors', `${list.length} with ${parameters} values`],
      ...Object.entries(metadata).map(([key, value]) => [`metadata ${key}`, value] as const),
    ],
    text: more > 0 ? `${table(lines)}\n… and ${more} more; --json lists all` : table(lines),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
