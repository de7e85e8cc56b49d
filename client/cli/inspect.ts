// `tincture inspect`: what a file holds, told from its bytes and not from its name.
import { readEmbedding } from '../formats/embedding.ts';
import type { ByteSource } from '../formats/entry.ts';
import { isPng } from '../formats/png-chunks.ts';
import { isStyleFile } from '../formats/style-file.ts';
import { digestOf, fileSource } from '../node.ts';
import { type Command, parseCommandLine, UsageError } from './command.ts';
import { inspectJson, inspectPicture, inspectPlugin } from './inspect-other.ts';
import { inspectStyle } from './inspect-style.ts';
import { inspectTensors } from './inspect-tensors.ts';
import { fileSize, json, printable, table } from './output.ts';
import type { Report } from './report.ts';

const HELP = `Usage: tincture inspect FILE [--json]

Tells what a file holds: a hypernetwork, embedding or checkpoint (.pt, .bin, .ckpt, .safetensors), a plugin (.wasm:
exports, imports, memory, and whether it may run), a packed style (.style: card, module, weights, previews; every digest
verified), a picture (.png: size and texts, such as its parameters), a style's or model's description (.json). Pickles are read by a restricted reader that runs nothing.

  --json   print the facts as JSON`;

export const inspect: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, { json: { type: 'boolean' } });
    const [path, ...rest] = positionals;
    if (path === undefined || rest.length > 0) throw new UsageError('inspect takes one file');
    const source = await fileSource(path);
    const { facts, rows, text } = await inspectFile(source);
    const sha256 = await digestOf(source);
    const { kind, ...others } = facts;
    if (values.json === true) {
      terminal.out(
        json({ file: path, kind, bytes: source.size, sha256, hash: sha256.slice(0, 10), ...others }),
      );
      return;
    }
    const common: [string, string][] = [
      ['file', path],
      ['kind', kind],
      ['size', fileSize(source.size)],
      ['sha256', sha256],
      ['hash', sha256.slice(0, 10)],
    ];
    terminal.out(printable(table([...common, ...rows])));
    if (text !== undefined) terminal.out(`\n${printable(text)}`);
  },
};

const WASM_MAGIC = [0x00, 0x61, 0x73, 0x6d];

async function inspectFile(source: ByteSource): Promise<Report> {
  const head = await source.read(0, Math.min(source.size, 16));
  if (isPng(head)) return inspectPicture(source, await readEmbedding(source));
  if (await isStyleFile(source)) return inspectStyle(source);
  if (WASM_MAGIC.every((byte, i) => head[i] === byte)) return inspectPlugin(source);
  // A safetensors file begins with the length of its header, whose high bytes are zero.
  const isText =
    head.length > 0 && head.every((byte) => byte >= 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
  if (isText && /^\s*\{/.test(new TextDecoder().decode(head))) return inspectJson(source);
  return inspectTensors(source);
}
