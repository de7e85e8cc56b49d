// `tincture apply`: styles on a context, one after another, through the plugin sandbox.
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { TinctureError } from '../../plugins/contract/error.ts';
import type { ByteSource } from '../formats/entry.ts';
import { openSafetensors, storeFloat32, writeSafetensors } from '../formats/safetensors.ts';
import {
  type ContextPair,
  createNodeHost,
  encodePair,
  fileSource,
  loadStandardPlugin,
  nodePlatform,
  readHypernetwork,
  tensor,
} from '../node.ts';
import {
  type Command,
  parseCommandLine,
  parseStyle,
  required,
  type Terminal,
  UsageError,
} from './command.ts';
import { checkOutput, json, printable, writeWhole } from './output.ts';

const HELP = `Usage: tincture apply STYLE[:STRENGTH] … --input IN.safetensors --output OUT.safetensors [--json]

Bends tensor \`context\` [tokens, width] of IN by hypernetworks, in the order given, each in the plugin sandbox, and
writes tensors \`k\` and \`v\` [tokens, width]. STYLE is a .pt or .safetensors file, or the name of a style that comes with
the default model. STRENGTH is 1 where it is missing; negative works. A style without layers for the context's width
leaves it alone, with a note.

  --input FILE    safetensors file with the context
  --output FILE   safetensors file to write
  --json          print { output, tokens, width, styles }`;

const DEFAULT_MODEL = fileURLToPath(new URL('../default-model', import.meta.url));

interface AppliedStyle {
  readonly style: string;
  readonly name: string;
  readonly strength: number;
  /** False where the style has no layers for this width. */
  readonly applied: boolean;
}

export const apply: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      input: { type: 'string' },
      output: { type: 'string' },
      json: { type: 'boolean' },
    });
    if (positionals.length === 0) throw new UsageError('apply takes one style at least');
    const styles = positionals.map(parseStyle);
    const input = required('--input', values.input);
    const output = required('--output', values.output);
    await checkOutput(output, [input, ...styles.map(({ style }) => style)]);

    let context = await readContext(input);
    const applied: AppliedStyle[] = [];
    const host = createNodeHost();
    try {
      for (const { style, strength } of styles) {
        const source = await openStyle(style);
        const { description, widths } = await readHypernetwork(source);
        const layers = widths.get(context.width);
        applied.push({ style, name: description.name, strength, applied: layers !== undefined });
        if (layers === undefined) {
          noteMissingWidth(terminal, style, context.width, [...widths.keys()]);
          continue;
        }
        const plugin = await host.start(style, await loadStandardPlugin());
        await plugin.load(0, context.width, encodePair(style, context.width, layers));
        context = await plugin.apply(context, strength);
        await plugin.close();
      }
    } finally {
      await host.close();
    }
    const { rows, width, k, v } = context;
    const tensors = new Map([
      ['k', storeFloat32(tensor([rows, width], k))],
      ['v', storeFloat32(tensor([rows, width], v))],
    ]);
    await writeWhole(output, writeSafetensors(tensors, { styles: JSON.stringify(applied) }));
    terminal.out(
      values.json === true
        ? json({ output, tokens: rows, width, styles: applied })
        : `${output}: k and v [${rows}, ${width}] after ${applied.map(({ name, strength }) => `${printable(name)} at ${strength}`).join(', ')}`,
    );
  },
};

async function readContext(path: string): Promise<ContextPair> {
  const file = await openSafetensors(await fileSource(path));
  const { shape, data } = await file.read('context');
  const [rows, width] = shape;
  if (shape.length !== 2 || rows === undefined || width === undefined || rows === 0 || width === 0) {
    throw new TinctureError('cli/context', 'the context has the wrong shape', {
      where: `${path}, tensor context`,
      expected: '[tokens, width]',
      found: `[${shape.join(', ')}]`,
    });
  }
  return { rows, width, k: data, v: data.slice() };
}

/** A file, else a style that comes with the default model. */
async function openStyle(style: string): Promise<ByteSource> {
  if ((await stat(style).catch(() => undefined)) !== undefined) return fileSource(style);
  const bundled = /^[\w-]+$/.test(style)
    ? await nodePlatform().openBundledStyle(DEFAULT_MODEL, style)
    : undefined;
  if (bundled !== undefined) return bundled;
  throw new TinctureError('cli/style', 'no such style', {
    where: style,
    expected: 'a .pt or .safetensors file, or the name of a style of the default model',
  });
}

function noteMissingWidth(terminal: Terminal, style: string, width: number, widths: readonly number[]): void {
  terminal.note(
    `note: ${printable(style)} has layers for widths ${widths.join(', ')}, not for ${width}; it changes nothing`,
  );
}
