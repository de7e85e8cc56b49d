// Progress on stderr: one bar that is redrawn on a terminal, plain lines elsewhere.
import type { Progress } from '../engine/engine.ts';
import type { Terminal } from './command.ts';
import { fileSize } from './output.ts';

const BAR_CELLS = 24;
/** Plain lines: a line for each new stage, and for steps at each tenth of them. */
const PLAIN_PARTS = 10;

export interface ProgressView {
  show(progress: Progress): void;
  /** Removes the bar, so that the next line starts clean. */
  clear(): void;
}

/** A bar where the terminal has one. */
export function progressView(terminal: Terminal): ProgressView {
  return terminal.bar === undefined ? plainView(terminal) : barView(terminal.bar);
}

function barView(stream: NonNullable<Terminal['bar']>): ProgressView {
  return {
    show(progress) {
      const { done, total } = progress;
      const line = describe(progress);
      const filled =
        total === undefined || total === 0 ? 0 : Math.round((Math.min(done ?? 0, total) / total) * BAR_CELLS);
      const bar = total === undefined ? '' : `${'█'.repeat(filled)}${'░'.repeat(BAR_CELLS - filled)} `;
      stream.write(`\r\x1b[2K${`${bar}${line}`.slice(0, (stream.columns || 80) - 1)}`);
    },
    clear: () => void stream.write('\r\x1b[2K'),
  };
}

function plainView(terminal: Terminal): ProgressView {
  let last = '';
  return {
    show(progress) {
      const { stage, message, done = 0, total } = progress;
      const part = total === undefined || total === 0 ? 0 : Math.floor((done / total) * PLAIN_PARTS);
      const key = `${stage} ${message.replace(/\d+/g, '')} ${part}`;
      if (key === last) return;
      last = key;
      terminal.note(describe(progress));
    },
    clear: () => {},
  };
}

function describe({ stage, message, done, total }: Progress): string {
  if (done === undefined || total === undefined) return message;
  const count = stage === 'unet' ? `${done}/${total}` : `${fileSize(done)} of ${fileSize(total)}`;
  return `${message} ${count}`;
}
