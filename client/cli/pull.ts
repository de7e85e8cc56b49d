// `tincture pull`: a style of a registry as one file.
import { writeStyleFile } from '../formats/style-file.ts';
import { blobsOf, createRegistry, memoryCache } from '../publishing.ts';
import { type Command, parseCommandLine, UsageError } from './command.ts';
import { registryOf } from './credentials.ts';
import { checkOutput, fileSize, json, writeWhole } from './output.ts';
import { progressView } from './progress.ts';
import { cancelOnSignals } from './signals.ts';

const HELP = `Usage: tincture pull NAME[@RANGE] [--output FILE.style] [--registry URL] [--json]

Downloads a style or an embedding with all that belongs to it, verifies every digest, and writes one .style file, by default NAME.style.
RANGE is an exact version, a range such as ^1.2, or latest (the default).

  --output FILE    where the file goes
  --registry URL   default: TINCTURE_REGISTRY, or that of the last login
  --json           print { output, bytes, name, version }`;

export const pull: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      output: { type: 'string' },
      registry: { type: 'string' },
      json: { type: 'boolean' },
    });
    const [which, ...others] = positionals;
    const at = which?.indexOf('@') ?? -1;
    const name = at === -1 ? which : which?.slice(0, at);
    const range = at === -1 ? 'latest' : which?.slice(at + 1);
    if (!name || !range || others.length > 0)
      throw new UsageError('pull takes one style, as NAME or NAME@^1');
    const output = values.output ?? `${name}.style`;
    await checkOutput(output, []);
    const registry = createRegistry(await registryOf(values.registry), { cache: memoryCache() });
    const { signal, release } = cancelOnSignals();
    try {
      const { manifest, version } = await registry.resolveStyle(name, range, { signal });
      const view = progressView(terminal);
      const blobs = new Map<string, Uint8Array>();
      for (const { sha256, size } of blobsOf(manifest)) {
        const blob = await registry.fetchBlob(
          { sha256, size, url: `/v1/blobs/${sha256}` },
          {
            signal,
            onProgress: (done, total) => view.show({ stage: 'style', message: 'downloading', done, total }),
          },
        );
        blobs.set(sha256, new Uint8Array(await blob.arrayBuffer()));
      }
      view.clear();
      const bytes = writeStyleFile(manifest, blobs);
      signal.throwIfAborted();
      await writeWhole(output, bytes);
      terminal.out(
        values.json === true
          ? json({ output, bytes: bytes.length, name, version })
          : `${output}: ${name} ${version}, ${fileSize(bytes.length)}`,
      );
    } finally {
      release();
    }
  },
};
