// `tincture merge`: the weighted sum of hypernetworks of one shape, as a file of its own.
import { basename, extname } from 'node:path';
import {
  fileSource,
  HypernetworkSum,
  readHypernetwork,
  writeHypernetworkPt,
  writeHypernetworkSafetensors,
} from '../node.ts';
import { type Command, parseCommandLine, parseWeighted, required, UsageError } from './command.ts';
import { checkOutput, fileSize, json, printable, writeWhole } from './output.ts';

/** Bounds the recipe that the result carries; a sum holds one input at a time, so memory does not grow with them. */
const MAX_FILES = 64;

const HELP = `Usage: tincture merge A[:WEIGHT] B[:WEIGHT] … --output OUT [--json]

Adds up 2 to ${MAX_FILES} hypernetworks (.pt, .safetensors), each tensor times its file's weight, and writes the sum as one file.
They must have the same context widths, layer structure, activation, layer norm and activated output. Give all files
a weight (-100 to 100) or none; without weights each counts 1/n. Half precision inputs are widened; the sum is taken
in float64 and rounded once to float32.

A weighted sum of networks is not the sum of their effects: a network is a product of layers, so even two linear ones
give cross terms, and half of each of two unlike networks gives about a quarter of either's effect. What it is good
for: averaging saves of one training, a step between two styles that were trained on from the same save, and, with a
negative weight, going past one of them (late:1.5 early:-0.5). To draw with two unlike styles, apply both instead:
generate --style A --style B.

  --output OUT   .pt with the keys of AUTOMATIC1111's web UI, or .safetensors; its name becomes the style's name
  --json         print { name, output, bytes, tensors, parts: [{ file, name, step, weight }] } instead of a sentence

The result is at step 0, since it was not trained; its optional_info tells the recipe.`;

export const merge: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      output: { type: 'string' },
      json: { type: 'boolean' },
    });
    const inputs = readInputs(positionals);
    const output = required('--output', values.output);
    const format = extname(output).toLowerCase();
    if (format !== '.safetensors' && format !== '.pt') {
      throw new UsageError(`OUT must end in .safetensors or .pt, not ${JSON.stringify(basename(output))}`);
    }
    await checkOutput(
      output,
      inputs.map(({ file }) => file),
    );
    const sum = new HypernetworkSum();
    const parts: { file: string; name: string; step: number | null; weight: number }[] = [];
    for (const { file, weight } of inputs) {
      const network = await readHypernetwork(await fileSource(file));
      sum.add(network, weight, file);
      const { name, step } = network.description;
      parts.push({ file, name, step, weight });
    }
    const record = sum.finish(basename(output, extname(output)));
    const bytes = format === '.pt' ? writeHypernetworkPt(record) : writeHypernetworkSafetensors(record);
    await writeWhole(output, bytes);
    const { name, optionalInfo } = record.description;
    terminal.out(
      values.json === true
        ? json({ name, output, bytes: bytes.length, tensors: record.tensors.size, parts })
        : `${output}: ${printable(optionalInfo ?? '')}, ${record.tensors.size} tensors, ${fileSize(bytes.length)}`,
    );
  },
};

/** The files with their weights, 1/n where none has one. */
function readInputs(positionals: readonly string[]): { file: string; weight: number }[] {
  if (positionals.length < 2) throw new UsageError('merge takes two files at least');
  if (positionals.length > MAX_FILES) {
    throw new UsageError(`merge takes at most ${MAX_FILES} files, not ${positionals.length}`);
  }
  const inputs = positionals.map(parseWeighted);
  const without = inputs.find(({ weight }) => weight === undefined);
  if (without !== undefined && inputs.some(({ weight }) => weight !== undefined)) {
    throw new UsageError(`give a weight to all files or none: ${without.file} has none`);
  }
  return inputs.map(({ file, weight }) => ({ file, weight: weight ?? 1 / inputs.length }));
}
