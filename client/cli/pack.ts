// `tincture pack`: an author's folder to one `.style` file.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildFolder, openProject } from '../kit/project.ts';
import { folderOf, packFolder } from './build-style.ts';
import { type Command, parseCommandLine } from './command.ts';
import { checkOutput, fileSize, json, writeWhole } from './output.ts';
import { cancelOnSignals } from './signals.ts';

const HELP = `Usage: tincture pack [DIR] [--output FILE.style] [--json]

Builds the style in DIR (default: this folder) and packs card, module, weights and previews into one file, by default
build/NAME.style. Hypernetworks in .pt files become safetensors without loss. The same folder gives the same bytes on
every machine.

  --output FILE   where the file goes
  --json          print { output, bytes, sha256, manifest }`;

export const pack: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      output: { type: 'string' },
      json: { type: 'boolean' },
    });
    const project = await openProject(folderOf('pack', positionals));
    const inputs = [project.card.files.plugin ?? '', ...project.card.files.weights].map((path) =>
      join(project.folder, path),
    );
    if (values.output !== undefined) await checkOutput(values.output, inputs);
    const output = values.output ?? join(buildFolder(project), `${project.card.name}.style`);
    const { signal, release } = cancelOnSignals();
    try {
      const { bytes, manifest, sha256 } = await packFolder(project, terminal, signal);
      signal.throwIfAborted();
      if (values.output === undefined) await mkdir(buildFolder(project), { recursive: true });
      await writeWhole(output, bytes);
      terminal.out(
        values.json === true
          ? json({ output, bytes: bytes.length, sha256, manifest })
          : `${output}: ${manifest.name} ${manifest.version}, ${fileSize(bytes.length)}, sha256 ${sha256}`,
      );
    } finally {
      release();
    }
  },
};
