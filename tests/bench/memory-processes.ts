// Memory of process trees, read from /proc: proportional set size, so that shared pages count once.
import { readdirSync, readFileSync } from 'node:fs';

/** Process ids of `root` and everything below it. */
function tree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    const stat = Number.isInteger(pid) ? readText(`/proc/${pid}/stat`) : undefined;
    if (stat === undefined) continue;
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = [root];
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i]!) ?? []));
  return found;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // The process ended in between.
  }
}

/** Bytes that the processes below `root` hold, page cache of files not counted unless mapped. */
export function treeMemory(root: number): number {
  let kibibytes = 0;
  for (const pid of tree(root)) {
    const pss = readText(`/proc/${pid}/smaps_rollup`)?.match(/^Pss:\s+(\d+) kB/m)?.[1];
    kibibytes += Number(pss ?? 0);
  }
  return kibibytes * 1024;
}

/** The process whose command line holds `text` and whose parent's does not. */
export function findRoot(text: string): number {
  const matching = readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .filter((pid) => readText(`/proc/${pid}/cmdline`)?.includes(text));
  if (matching.length === 0) throw new Error(`no process with ${text} in its command line`);
  return Math.min(...matching);
}

/** Samples `root`'s tree every 50 ms until `stop`, which gives the peak in bytes. */
export function watchPeak(root: number): { stop(): number } {
  let peak = treeMemory(root);
  const timer = setInterval(() => {
    peak = Math.max(peak, treeMemory(root));
  }, 50);
  return {
    stop: () => {
      clearInterval(timer);
      return Math.max(peak, treeMemory(root));
    },
  };
}
