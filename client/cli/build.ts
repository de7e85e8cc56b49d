// `tincture build`: an author's AssemblyScript to WebAssembly.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildPlugin, failed } from '../kit/build.ts';
import { buildFolder, openProject } from '../kit/project.ts';
import { folderOf, noteDiagnostics, throwIfFailed } from './build-style.ts';
import { type Command, parseCommandLine } from './command.ts';
import { fileSize, json, writeWhole } from './output.ts';
import { cancelOnSignals } from './signals.ts';

const HELP = `Usage: tincture build [DIR] [--debug] [--json]

Compiles the plugin that DIR's card.json names (default: this folder), and checks it as every host does. Writes
build/NAME.wasm, or build/NAME.debug.wasm. Errors are told at their file, line and column; nothing is written then.

  --debug   functions keep their names, assertions trap; for looking into, not for packing
  --json    print { output, bytes, debug, diagnostics }`;

export const build: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      debug: { type: 'boolean' },
      json: { type: 'boolean' },
    });
    const project = await openProject(folderOf('build', positionals));
    const debug = values.debug === true;
    const { signal, release } = cancelOnSignals();
    try {
      const built = await buildPlugin(project, { release: !debug, signal });
      const { wasm, diagnostics } = built;
      const output =
        wasm === undefined
          ? null
          : join(buildFolder(project), `${project.card.name}${debug ? '.debug' : ''}.wasm`);
      if (wasm !== undefined && output !== null && !failed(built)) {
        await mkdir(buildFolder(project), { recursive: true });
        await writeWhole(output, wasm);
      }
      const bytes = wasm?.length ?? null;
      if (values.json === true) terminal.out(json({ output, bytes, debug, diagnostics }));
      else noteDiagnostics(diagnostics, terminal);
      throwIfFailed(built, project);
      if (values.json === true) return;
      terminal.out(
        output === null
          ? 'The card names no plugin: the standard plugin runs the weights, and there is nothing to build.'
          : `${output}: ${fileSize(wasm!.length)}`,
      );
    } finally {
      release();
    }
  },
};
