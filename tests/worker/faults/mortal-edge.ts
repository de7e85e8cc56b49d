// An edge that is ended by SIGKILL, workerd first, and started again on what it left.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, 'edge-process.ts');

export interface MortalEdge {
  readonly url: string;
  /** Ends workerd and its parent at once; nothing of either gets to tidy up. */
  kill(): Promise<void>;
}

/** Starts the program of edge-process.ts and waits for its address. */
export async function startMortalEdge(scriptPath: string, dataDir: string): Promise<MortalEdge> {
  const child = spawn(process.execPath, ['--no-warnings', PROGRAM, scriptPath, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await firstLine(child);
  return {
    url,
    async kill() {
      const ended = once(child, 'exit');
      for (const pid of childrenOf(child.pid!)) killNow(pid);
      killNow(child.pid!);
      await ended;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout!) {
    text += chunk;
    const end = text.indexOf('\n');
    if (end !== -1) return text.slice(0, end);
  }
  throw new Error(`the edge ended before it told its address: ${text}`);
}

/** Linux's own list: the tests that kill run where workerd and /proc are. */
function childrenOf(pid: number): number[] {
  const found: number[] = [];
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8');
    found.push(...text.split(' ').filter(Boolean).map(Number));
  }
  if (found.length === 0) throw new Error('workerd is not running');
  return found;
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
