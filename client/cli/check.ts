// `tincture check`: whether a plugin or style may run, what it does, how large and how busy it is.
import { stat } from 'node:fs/promises';
import { cardDigest, cardOf } from '../../plugins/contract/card-section.ts';
import { TinctureError } from '../../plugins/contract/error.ts';
import { DEFAULT_DEADLINE_MS, MAX_MODULE_BYTES } from '../../plugins/contract/limits.ts';
import type { PluginErrorKind } from '../../plugins/contract/plugin-error.ts';
import { kindOf } from '../../plugins/contract/style.ts';
import { bytesSource } from '../formats/bytes-source.ts';
import type { ByteSource } from '../formats/entry.ts';
import { fileSource } from '../formats/node-file.ts';
import { isStyleFile, openStyleFile, type StyleFile } from '../formats/style-file.ts';
import { type CheckedFacts, type CheckReport, checkPlugin } from '../kit/check.ts';
import { type Trial, tryStyle } from '../kit/measure.ts';
import { openProject } from '../kit/project.ts';
import { openContextReader } from '../kit/prompt-context.ts';
import { moduleOf } from '../kit/start-style.ts';
import { packFolder } from './build-style.ts';
import { type Command, parseCommandLine, type Terminal, UsageError } from './command.ts';
import { fileSize, json, printable, table } from './output.ts';

const HELP = `Usage: tincture check FILE.wasm|FILE.style|DIR [--json]

Holds a plugin against the rules that every host enforces, and tells what it exports and does, its size, memory and
operators. The rules read bytes; that every call ends, they cannot tell. So a style, or an author's folder (which is built
first), is also tried: a metered copy makes each call of one picture, on a real context of the default model, and is ended
where a call takes more operators than stand for a host's deadline. A bare module has no weights and is not tried.

Exits with 1 where no host would run it, or where a call did not end or trapped.

  --json   print { file, problem, facts, style, tried, operators, warnings }`;

/** Ends of a trial that are the plugin's fault in every host; a refusal may come of a context that it was not made for. */
const FAULTS: ReadonlySet<PluginErrorKind> = new Set(['deadline', 'trap', 'invalid']);

/** Of an embedding: vectors, which opening the file has read and bounded. */
const NOTHING_RUNS: CheckReport = { problem: null, warnings: [] };

interface Subject {
  /** Undefined for an embedding, of which nothing runs. */
  readonly wasm: Uint8Array | undefined;
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
    const report = wasm === undefined ? NOTHING_RUNS : checkPlugin(wasm, file);
    const trial =
      style === undefined || wasm === undefined || report.problem !== null ? undefined : await tried(style);
    const { facts = null, warnings } = report;
    const problem = report.problem ?? faultOf(trial);
    const manifest = style?.manifest;
    if (values.json === true) {
      const operators = trial?.operators ?? null;
      terminal.out(
        json({
          file,
          problem,
          facts,
          style: manifest ?? null,
          tried: trial !== undefined,
          operators,
          warnings,
        }),
      );
    } else {
      const title =
        manifest === undefined ? [] : [[kindOf(manifest), `${manifest.name} ${manifest.version}`]];
      const rows = [['file', file], ...title, ['may run', problem ?? 'yes'], ...rowsOf(report, trial)];
      terminal.out(printable(table(rows)));
      for (const warning of warnings) terminal.note(`warning: ${printable(warning)}`);
    }
    if (trial?.ended != null && problem === null)
      terminal.note(`note: not tried to its end: ${printable(trial.ended.reason)}`);
    if (problem !== null) throw new TinctureError('kit/check', `not fit to run: ${problem}`);
  },
};

/** What the trial found that every host would find. */
function faultOf(trial: Trial | undefined): string | null {
  return trial?.ended != null && FAULTS.has(trial.ended.kind) ? trial.ended.reason : null;
}

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
  if (kindOf(style.manifest) === 'embedding') return { wasm: undefined, style };
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

/** One picture's calls on a real context. */
async function tried(style: StyleFile): Promise<Trial> {
  const reader = await openContextReader(style.manifest.base.contextWidth);
  try {
    return await tryStyle(style, await reader.read('red apple'), reader.selfAttentionWidths);
  } finally {
    await reader.close();
  }
}

function rowsOf({ facts }: CheckReport, trial: Trial | undefined): string[][] {
  if (facts === undefined) return [];
  const { operators } = facts;
  return [
    ['ABI', String(facts.abi)],
    ['size', `${fileSize(facts.bytes)}, ${facts.functions} functions`],
    ['memory', `${fileSize(facts.memory.minimumBytes)}, at most ${fileSize(facts.memory.maximumBytes)}`],
    ...doesRows(facts),
    ['card', facts.card ?? 'none: not packed yet'],
    ['operators', `${operators.total}, of them ${operators.inLoops} in loops`],
    ...operators.busiest
      .slice(0, 5)
      .map(({ name, inLoops, loopDepth }) => ['', `${name}: ${inLoops} in loops, ${loopDepth} deep`]),
    ...triedRows(facts, trial),
  ];
}

/** What each call took; the bytes alone do not bound a loop. */
function triedRows({ does }: CheckedFacts, trial: Trial | undefined): string[][] {
  if (trial === undefined) {
    const seconds = DEFAULT_DEADLINE_MS / 1000;
    return [
      ['tried', `nothing: whether its calls end shows in a style only; hosts end one after ${seconds} s`],
    ];
  }
  return does
    .flatMap(({ export: name }) => {
      const count = trial.operators[name];
      return count === undefined ? [] : [`${name}: about ${count.toLocaleString('en')} operators`];
    })
    .map((row, index) => [index === 0 ? 'tried' : '', row]);
}

function doesRows({ does }: CheckedFacts): string[][] {
  return does.map(({ export: name, meaning }, index) => [index === 0 ? 'does' : '', `${meaning} (${name})`]);
}
