// `tincture test`: the author's tests, then the kit's own, on a real context of the default model.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TinctureError } from '../../plugins/contract/error.ts';
import { bytesSource } from '../formats/bytes-source.ts';
import { openStyleFile } from '../formats/style-file.ts';
import type { AuthorCard } from '../kit/author-card.ts';
import { type AuthorTest, runAuthorTests, testFiles } from '../kit/author-tests.ts';
import { type ConformanceResult, checkConformance } from '../kit/conformance.ts';
import { openProject } from '../kit/project.ts';
import { openContextReader } from '../kit/prompt-context.ts';
import { withTemporaryFolder } from '../kit/temporary.ts';
import { createNodeHost } from '../node.ts';
import { folderOf, packFolder } from './build-style.ts';
import { type Command, parseCommandLine } from './command.ts';
import { json, printable } from './output.ts';
import { cancelOnSignals } from './signals.ts';

const HELP = `Usage: tincture test [DIR] [--prompt TEXT] [--json]

Builds the style in DIR (default: this folder), runs the tests in test/*.ts, and then checks what every style promises:
parameters, finite numbers at several strengths and lengths, the same result each time, valid layers and schedules, no
leak, polite refusals. All of it in the real sandbox. Writes nothing; exits with 1 where a test fails.

The contexts are the default model's; for a style of another width their values are repeated.

Tests are files for node:test; import { openStyle, promptContext, distance } from 'tincture/testing'.

  --prompt TEXT   the prompt of the kit's own checks (default: red apple)
  --json          print { tests, conformance, passed }`;

export const test: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      prompt: { type: 'string' },
      json: { type: 'boolean' },
    });
    const project = await openProject(folderOf('test', positionals));
    const say = values.json === true ? terminal.note : terminal.out;
    const { signal, release } = cancelOnSignals();
    try {
      const { bytes } = await packFolder(project, terminal, signal);
      const tests: AuthorTest[] = [];
      const files = await testFiles(project);
      if (files.length === 0) terminal.note('note: there are no tests in test/; only the kit’s own are run');
      await withTemporaryFolder(async (folder) => {
        const path = join(folder, `${project.card.name}.style`);
        await writeFile(path, bytes);
        await runAuthorTests(
          project,
          files,
          path,
          (done) => {
            tests.push(done);
            say(lineOf(done.name, done.problem, `${done.file}${done.line === null ? '' : `:${done.line}`}`));
          },
          signal,
        );
      });
      signal.throwIfAborted();
      const conformance = await conformanceOf(project.card, bytes, values.prompt ?? 'red apple');
      for (const { name, problem } of conformance) say(lineOf(name, problem));
      const failures = [...tests, ...conformance].filter(({ problem }) => problem !== null).length;
      const total = tests.length + conformance.length;
      if (values.json === true) terminal.out(json({ tests, conformance, passed: failures === 0 }));
      else terminal.out(`${total - failures} of ${total} passed`);
      if (failures > 0) {
        throw new TinctureError('kit/test', `${failures} of ${total} failed`, { where: project.card.name });
      }
    } finally {
      release();
    }
  },
};

async function conformanceOf(
  { name, base }: AuthorCard,
  bytes: Uint8Array,
  prompt: string,
): Promise<ConformanceResult[]> {
  const reader = await openContextReader(base.contextWidth);
  const host = createNodeHost();
  try {
    const style = await openStyleFile(bytesSource(`${name}.style`, bytes));
    const context = await reader.read(prompt);
    return await checkConformance(host, style, {
      context,
      selfAttentionWidths: reader.selfAttentionWidths,
    });
  } finally {
    await host.close();
    await reader.close();
  }
}

function lineOf(name: string, problem: string | null, where = ''): string {
  if (problem === null) return `✔ ${printable(name)}`;
  const place = where === '' ? '' : ` (${where})`;
  return `✖ ${printable(name)}${place}\n    ${printable(problem).replaceAll('\n', '\n    ')}`;
}
