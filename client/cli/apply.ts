// `tincture apply`: styles on a context, one after another, through the plugin sandbox.
import { stat } from 'node:fs/promises';
import { TinctureError } from '../../plugins/contract/error.ts';
import { DataStyle } from '../engine/data-style.ts';
import type { StrengthFactors } from '../engine/engine.ts';
import { parametersOf } from '../engine/request.ts';
import type { RunningStyle } from '../engine/running-style.ts';
import { bendSides, isSilentAt, strengthsOf } from '../engine/style-strengths.ts';
import type { ByteSource } from '../formats/entry.ts';
import { openSafetensors, storeFloat32, writeSafetensors } from '../formats/safetensors.ts';
import { isStyleFile, openStyleFile } from '../formats/style-file.ts';
import { DEFAULT_MODEL } from '../kit/prompt-context.ts';
import { runStyle } from '../kit/start-style.ts';
import {
  type ContextPair,
  createNodeHost,
  fileSource,
  nodePlatform,
  type PluginHost,
  readHypernetwork,
  tensor,
} from '../node.ts';
import { type Command, parseCommandLine, required, UsageError } from './command.ts';
import { checkOutput, json, printable, writeWhole } from './output.ts';
import { assignParameters, parseParameters } from './parameters.ts';
import { parseStyle } from './style-use.ts';

const HELP = `Usage: tincture apply STYLE[:STRENGTH] … --input IN.safetensors --output OUT.safetensors [--json]

Bends tensor \`context\` [tokens, width] of IN by styles, in the order given, each in the plugin sandbox, and writes
tensors \`k\` and \`v\` [tokens, width]. STYLE is a .style, .pt or .safetensors file, or the name of a style that comes with
the default model. STRENGTH is 1 where it is missing; negative works; :k=F, :v=F and :WIDTH=F behind it are factors on it. A style without layers for the context's width
leaves it alone, with a note. A style that changes over the steps is applied as at its phase 0.

  --input FILE             safetensors file with the context
  --output FILE            safetensors file to write
  --parameter NAME=VALUE   a parameter of the style; STYLE.NAME=VALUE where there are several; again for more
  --json                   print { output, tokens, width, styles }`;

/** Sampling steps of the picture that it stands for. */
const STEPS = 20;

interface AppliedStyle {
  readonly style: string;
  readonly name: string;
  readonly strength: number;
  readonly strengths?: StrengthFactors;
  readonly parameters: Readonly<Record<string, number>>;
  /** False where the style has nothing for this width. */
  readonly applied: boolean;
}

export const apply: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      input: { type: 'string' },
      output: { type: 'string' },
      parameter: { type: 'string', multiple: true },
      json: { type: 'boolean' },
    });
    if (positionals.length === 0) throw new UsageError('apply takes one style at least');
    const styles = positionals.map(parseStyle);
    const changing = styles.find(({ overSteps }) => overSteps !== undefined);
    if (changing !== undefined) {
      throw new UsageError(
        `${changing.style}: apply bends one context, not the steps of a picture; leave steps= out`,
      );
    }
    const input = required('--input', values.input);
    const output = required('--output', values.output);
    await checkOutput(output, [input, ...styles.map(({ style }) => style)]);

    const parameters = assignParameters(
      styles.map(({ style }) => style),
      parseParameters(values.parameter ?? []),
    );
    const prompt = await readContext(input);
    let context = prompt;
    const applied: AppliedStyle[] = [];
    const host = createNodeHost();
    try {
      for (const [index, { style, strength, strengths }] of styles.entries()) {
        const { name, running, holds } = await start(host, style, prompt.width);
        const set = parametersOf(name, running.parameters, parameters[index]);
        await running.begin({ context: prompt.k, rows: prompt.rows, width: prompt.width, steps: STEPS }, set);
        const before = context;
        const strong = strengthsOf(name, { style, strength, ...(strengths && { strengths }) });
        const bent = await bendSides(before, strong, (at) => running.bend(0, before, at));
        applied.push({
          style,
          name,
          strength,
          ...(strengths && { strengths }),
          parameters: set,
          applied: bent !== context,
        });
        if (bent === context && !isSilentAt(strong, context.width)) {
          terminal.note(
            `note: ${printable(style)} has ${holds}, not for ${prompt.width}; it changes nothing`,
          );
        }
        context = bent;
        await running.close();
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

interface Started {
  readonly name: string;
  readonly running: RunningStyle;
  /** Words for what it works on. */
  readonly holds: string;
}

/** Starts a style as the engine does for a model of this context width. */
async function start(host: PluginHost, style: string, contextWidth: number): Promise<Started> {
  const source = await openStyle(style);
  if (await isStyleFile(source)) {
    const file = await openStyleFile(source);
    const running = await runStyle(host, file, { contextWidth, selfAttentionWidths: [] });
    const { name, base } = file.manifest;
    return { name, running, holds: `something for width ${base.contextWidth}` };
  }
  const hypernetwork = await readHypernetwork(source);
  return {
    name: hypernetwork.description.name,
    running: await DataStyle.start(style, hypernetwork, contextWidth, host),
    holds: `layers for widths ${[...hypernetwork.widths.keys()].join(', ')}`,
  };
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
    expected: 'a .style, .pt or .safetensors file, or the name of a style of the default model',
  });
}
