// `tincture convert`: hypernetworks and embeddings from one container to the other, losslessly; or a strength folded in.
import { basename, extname } from 'node:path';
import { TinctureError } from '../../plugins/contract/error.ts';
import { readEmbedding, writeEmbeddingPt, writeEmbeddingSafetensors } from '../formats/embedding.ts';
import type { ByteSource } from '../formats/entry.ts';
import {
  amplified,
  fileSource,
  HypernetworkError,
  hypernetworkOf,
  readHypernetworkRecord,
  writeHypernetworkPt,
  writeHypernetworkSafetensors,
} from '../node.ts';
import { type Command, decimalNumber, parseCommandLine, UsageError } from './command.ts';
import { checkOutput, fileSize, json, printable, writeWhole } from './output.ts';

const HELP = `Usage: tincture convert IN OUT [--strength X] [--json]

Converts a hypernetwork or an embedding. IN is .pt (both containers of torch.save), .bin, .safetensors or, for
embeddings, a .png with a text chunk; what it is, is read off its bytes. OUT ends in .safetensors or .pt.
Tensors keep their element type bit by bit. The description goes into the metadata of a .safetensors and into the
keys of AUTOMATIC1111's web UI of a .pt.

  --strength X   of a hypernetwork: strength 1 of OUT is what X (-10 to 10) was of IN; its last layers are multiplied by X
                 and stored in single precision
  --json         print { kind, name, output, bytes, tensors, leftOut } instead of a sentence`;

interface Converted {
  readonly kind: 'hypernetwork' | 'embedding';
  readonly name: string;
  readonly tensors: number;
  /** Keys of the input that no container of ours keeps. */
  readonly leftOut: readonly string[];
  readonly bytes: Uint8Array;
}

export const convert: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      strength: { type: 'string' },
      json: { type: 'boolean' },
    });
    const strength = decimalNumber('--strength', values.strength, -10, 10);
    const [input, output, ...rest] = positionals;
    if (input === undefined || output === undefined || rest.length > 0) {
      throw new UsageError('convert takes two files: IN OUT');
    }
    const format = extname(output).toLowerCase();
    if (format !== '.safetensors' && format !== '.pt') {
      throw new UsageError(`OUT must end in .safetensors or .pt, not ${JSON.stringify(basename(output))}`);
    }
    await checkOutput(output, [input]);
    const { bytes, ...facts } = await convertFile(await fileSource(input), format === '.pt', strength);
    await writeWhole(output, bytes);
    if (values.json === true) {
      terminal.out(json({ ...facts, output, bytes: bytes.length }));
      return;
    }
    for (const key of facts.leftOut)
      terminal.note(`note: the key ${printable(key)} holds no plain value and is left out`);
    terminal.out(
      `${output}: ${facts.kind} ${printable(facts.name)}, ${facts.tensors} ${facts.tensors === 1 ? 'tensor' : 'tensors'}, ${fileSize(bytes.length)}`,
    );
  },
};

async function convertFile(
  source: ByteSource,
  toPt: boolean,
  strength: number | undefined,
): Promise<Converted> {
  const stem = basename(source.name, extname(source.name));
  const embedding = await readEmbedding(source);
  if (embedding !== undefined) {
    if (strength !== undefined)
      throw new UsageError('an embedding has no strength; --strength is for hypernetworks');
    const bytes = toPt ? writeEmbeddingPt(embedding, stem) : writeEmbeddingSafetensors(embedding, stem);
    return { kind: 'embedding', name: embedding.name ?? stem, tensors: 1, leftOut: [], bytes };
  }
  try {
    const read = await readHypernetworkRecord(source);
    // Refuses what could not be used afterwards: wrong shapes, unknown activations, broken weights.
    hypernetworkOf(read, source.name);
    const record = strength === undefined ? read : amplified(read, strength, source.name);
    const bytes = toPt ? writeHypernetworkPt(record) : writeHypernetworkSafetensors(record);
    return {
      kind: 'hypernetwork',
      name: record.description.name,
      tensors: record.tensors.size,
      leftOut: record.ignored,
      bytes,
    };
  } catch (error) {
    if (!(error instanceof HypernetworkError) || error.code !== 'hypernetwork/not-a-hypernetwork')
      throw error;
    throw new TinctureError('cli/convert', 'neither a hypernetwork nor an embedding', {
      where: source.name,
      ...(error.facts.found === undefined ? {} : { found: error.facts.found }),
      cause: error,
    });
  }
}
