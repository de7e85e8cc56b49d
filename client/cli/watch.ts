// `tincture watch`: rebuilds on save, and the studio redraws.

import { openProject } from '../kit/project.ts';
import { watchFolder } from '../kit/watch-folder.ts';
import { startWatchServer } from '../kit/watch-server.ts';
import { folderOf, noteDiagnostics } from './build-style.ts';
import { type Command, parseCommandLine, wholeNumber } from './command.ts';
import { fileSize } from './output.ts';

const HELP = `Usage: tincture watch [DIR] [--studio URL] [--port N]

Builds and packs the style in DIR (default: this folder) whenever a file of it is saved, and serves the newest build to the
studio on this computer. Open the printed address: the studio takes the style and redraws. Ctrl-C ends it.

  --studio URL   where the studio is (default: http://127.0.0.1:8787)
  --port N       port on 127.0.0.1 (default: a free one)`;

export const watch: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      studio: { type: 'string' },
      port: { type: 'string' },
    });
    const port = wholeNumber('--port', values.port, 0, 65_535) ?? 0;
    const { folder, card } = await openProject(folderOf('watch', positionals));
    const server = await startWatchServer(port);
    const { signal, release } = endOnSignals();
    const studio = (values.studio ?? 'http://127.0.0.1:8787').replace(/\/+$/, '');
    terminal.out(`${studio}/?watch=${server.address}`);
    terminal.note(`watching ${folder}; Ctrl-C ends`);
    try {
      await watchFolder(
        folder,
        ({ style, diagnostics, milliseconds }) => {
          noteDiagnostics(diagnostics, terminal);
          if (style === undefined) {
            server.publishErrors(diagnostics);
            terminal.note(`${card.name}: not built; the studio keeps the last one`);
            return;
          }
          server.publish(style);
          terminal.note(`${card.name}: ${fileSize(style.bytes.length)} in ${milliseconds} ms`);
        },
        signal,
      );
    } finally {
      release();
      await server.close();
    }
  },
};

/** Ctrl-C is how watching ends: no error. */
function endOnSignals(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
