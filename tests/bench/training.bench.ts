// A training step on the default model against PyTorch's on the same CPU; backward against forward; memory by plan.
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const BATCH = 8;
const SIDE = 16;
const THREADS = 2;
const STEPS = 8;
/** The aims: wasm beside PyTorch, and backward beside forward. */
const AIM_PEER = 4;
const AIM_BACKWARD = 2.5;
const run = promisify(execFile);
const here = (name: string): string => new URL(name, import.meta.url).pathname;

interface Node {
  readonly ms: number;
  /** Growth of the process over the first step, in bytes. */
  readonly held: number;
  /** On paper: what the forward pass leaves for the backward pass, and the most that is alive at once. */
  readonly kept: number;
  readonly peak: number;
  readonly nodes: number;
}

async function node(memory: string, batch = BATCH, side = SIDE, steps = STEPS): Promise<Node> {
  const args = ['--no-warnings', here('training-node.ts'), batch, side, THREADS, memory, steps].map(String);
  return JSON.parse((await run(process.execPath, args)).stdout) as Node;
}

const python = ['/usr/bin/python3', 'python3'].find(
  (path) => spawnSync(path, ['-c', 'import torch']).status === 0,
);

const forward = await node('forward');
const plans = { kept: await node('kept'), cheap: await node('cheap'), segments: await node('segments') };
const peer =
  python === undefined
    ? undefined
    : (JSON.parse(
        (
          await run(python, [
            here('training-peer.py'), here('../../client/default-model'), ...[BATCH, SIDE, THREADS, STEPS].map(String),
          ])
        ).stdout,
      ) as { forwardMs: number; stepMs: number }); // biome-ignore format: pairs

const rows = Object.entries(plans).map(([memory, { ms, held, kept, peak }]) => ({
  memory,
  stepMs: ms,
  backwardToForward: (ms - forward.ms) / forward.ms,
  ...(peer && { toPeer: ms / peer.stepMs }),
  keptBytes: kept,
  peakBytes: peak,
  heldBytes: held,
}));

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ batch: BATCH, threads: THREADS, forwardMs: forward.ms, peer, rows }));
} else {
  console.log(
    `A hypernetwork on all widths of the default model, batch ${BATCH}, ${THREADS} threads; forward ${forward.ms.toFixed(0)} ms` +
      (peer === undefined
        ? '; PyTorch is not installed (Debian: python3-torch), so there is no peer'
        : `; PyTorch: forward ${peer.forwardMs.toFixed(0)} ms, step ${peer.stepMs.toFixed(0)} ms`),
  );
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
  console.table(
    rows.map(({ memory, stepMs, backwardToForward, toPeer, keptBytes, peakBytes, heldBytes }) => ({
      memory,
      'step ms': stepMs.toFixed(0),
      [`backward ÷ forward (aim ≤ ${AIM_BACKWARD})`]: backwardToForward.toFixed(2),
      [`÷ PyTorch (aim ≤ ${AIM_PEER})`]: toPeer?.toFixed(2) ?? '',
      'kept MB': megabytes(keptBytes),
      'peak MB on paper': megabytes(peakBytes),
      'process grew by MB': megabytes(heldBytes),
    })),
  );
}
