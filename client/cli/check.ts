// `tincture check`: whether a plugin or style may run, what it does, how large and how busy it is.
import { stat } from 'node:fs/promises';
import { cardDigest, cardOf } from '../../plugins/contract/card-section.ts';
import { TinctureError } from '../../plugins/contract/error.ts';
import { MAX_MODULE_BYTES } from '../../plugins/contract/limits.ts';
import { bytesSource } from '../formats/bytes-source.ts';
import type { ByteSource } from '../formats/entry.ts';
import { fileSource } from '../formats/node-file.ts';
import { isStyleFile, openStyleFile, type StyleFile } from '../formats/style-file.ts';
import { type CheckedFacts, type CheckReport, checkPlugin } from '../kit/check.ts';
import { measureStyle } from '../kit/measure.ts';
import { openProject } from '../kit/project.ts';
import { openContextReader } from '../kit/prompt-context.ts';
import { moduleOf } from '../kit/start-style.ts';
import { packFolder } from './build-style.ts';
import { type Command, parseCommandLine, type Terminal, UsageError } from './command.ts';
import { fileSize, json, printable, table } from './output.ts';

const HELP = `Usage: tincture check FILE.wasm|FILE.style|DIR [--json]

Holds a plugin against the rules that every host enforces, and tells what it exports and does, its size, memory and
operators; for a style or an author's folder (which is built first) also how many operators one apply takes on a real
context of the default model. Nothing of it runs outside of a metered copy. Exits with 1 where no host would run it.

  --json   print { file, problem, facts, style, operatorsPerApply, warnings }`;

/** Applies of the measurement: what is unpacked on first use does not count. */
const APPLIES = 1;

interface Subject {
  readonly wasm: Uint8Array;
  /** Undefined for a bare module. */
  readonly style: StyleFile | undefined;
}

export const check: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, { json: { type: 'boolean' } });
    const [file, ...rest] = positionals;
    if (file === undefined || rest.length > 0) throw new UsageError('check takes one file or folder');
    const { wasm, style } = await open(file, terminal);
    const report = checkPlugin(wasm, file);
    const operatorsPerApply =
      style === undefined || report.problem !== null ? null : await measure(style, terminal);
    const manifest = style?.manifest;
    if (values.json === true) {
      const { problem, facts = null, warnings } = report;
      terminal.out(json({ file, problem, facts, style: manifest ?? null, operatorsPerApply, warnings }));
    } else {
      const title = manifest === undefined ? [] : [['style', `${manifest.name} ${manifest.version}`]];
      terminal.out(printable(table([['file', file], ...title, ...rowsOf(report, operatorsPerApply)])));
      for (const warning of report.warnings) terminal.note(`warning: ${printable(warning)}`);
    }
    if (report.problem !== null) throw new TinctureError('kit/check', `not fit to run: ${report.problem}`);
  },
};

async function open(path: string, terminal: Terminal): Promise<Subject> {
  if ((await stat(path).catch(() => undefined))?.isDirectory() === true) {
    const project = await openProject(path);
    const { bytes } = await packFolder(project, terminal);
    return openStyle(bytesSource(`${project.card.name}.style`, bytes));
  }
  const source = await fileSource(path);
  if (await isStyleFile(source)) return openStyle(source);
  if (source.size > MAX_MODULE_BYTES) {
    throw new TinctureError('kit/check', 'neither a style nor a plugin', {
      where: path,
      expected: `a .style file, or a module of at most ${MAX_MODULE_BYTES} bytes`,
      found: `${source.size} bytes`,
    });
  }
  return { wasm: await source.read(0, source.size), style: undefined };
}

async function openStyle(source: ByteSource): Promise<Subject> {
  const style = await openStyleFile(source);
  const wasm = await moduleOf(style);
  const { facts } = checkPlugin(wasm, source.name);
  const own = cardDigest(cardOf(style.manifest));
  if (style.manifest.blobs.plugin !== null && facts !== undefined && facts.card !== own) {
    throw new TinctureError('kit/check', 'the plugin was packed with another card', {
      where: source.name,
      expected: own,
      found: facts.card ?? 'no card',
      fix: 'Pack the style again.',
    });
  }
  return { wasm, style };
}

/** Operators of one apply; null, with a note, where it cannot be measured. */
async function measure(style: StyleFile, terminal: Terminal): Promise<number | null> {
  const reader = await openContextReader(style.manifest.base.contextWidth);
  try {
    const measured = await measureStyle(style, await reader.read('red apple'), APPLIES);
    return measured?.operatorsPerApply ?? null;
  } catch (error) {
    if (!(error instanceof TinctureError)) throw error;
    terminal.note(`note: not measured: ${printable(error.message)}`);
    return null;
  } finally {
    await reader.close();
  }
}

function rowsOf({ problem, facts }: CheckReport, operatorsPerApply: number | null): string[][] {
  if (facts === undefined) return [['may run', problem ?? 'yes']];
  const { operators } = facts;
  return [
    ['may run', problem ?? 'yes'],
    ['ABI', String(facts.abi)],
    ['size', `${fileSize(facts.bytes)}, ${facts.functions} functions`],
    ['memory', `${fileSize(facts.memory.minimumBytes)}, at most ${fileSize(facts.memory.maximumBytes)}`],
    ...doesRows(facts),
    ['card', facts.card ?? 'none: not packed yet'],
    ['operators', `${operators.total}, of them ${operators.inLoops} in loops`],
    ...operators.busiest
      .slice(0, 5)
      .map(({ name, inLoops, loopDepth }) => ['', `${name}: ${inLoops} in loops, ${loopDepth} deep`]),
    ...(operatorsPerApply === null
      ? []
      : [['apply', `about ${operatorsPerApply.toLocaleString('en')} operators on 77 tokens`]]),
  ];
}

function doesRows({ does }: CheckedFacts): string[][] {
  return does.map(({ export: name, meaning }, index) => [index === 0 ? 'does' : '', `${meaning} (${name})`]);
}
