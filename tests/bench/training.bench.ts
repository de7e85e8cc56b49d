// A training step on the default model against PyTorch's on the same CPU; backward against forward; memory by plan.
// Times are told by the clock and by the CPU: on a busy machine only the latter compare.
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { hasNative } from '../../client/runtime/native.ts';
import { largestTrainingSides } from './training-memory.ts';

const BATCH = 8;
/** Of the latents: 64 pixels. */
const SIDE = 16;
const THREADS = Number(process.argv.find((argument) => /^--threads=\d+$/.test(argument))?.slice(10) ?? 2);
const STEPS = 5;
/** The aims: beside PyTorch, and backward beside forward. */
const AIM_PEER = { wasm: 4, cpu: 1.5 } as const;
const AIM_BACKWARD = 2.5;
type Runtime = keyof typeof AIM_PEER;
const NAMES: Readonly<Record<Runtime, string>> = { wasm: 'onnxruntime-web', cpu: 'onnxruntime-node' };
/** Memory of a GPU, and what it leaves for training beside the screen. */
const BUDGETS_BYTES = [8e9, 7.5e9];
const run = promisify(execFile);
const here = (name: string): string => new URL(name, import.meta.url).pathname;

interface Measured {
  readonly ms: number;
  readonly cpuMs: number;
  /** Growth of the process over the first step, in bytes. */
  readonly held: number;
  /** On paper: what the forward pass leaves for the backward pass, and the most that is alive at once. */
  readonly kept: number;
  readonly peak: number;
}

async function measure(runtime: Runtime, memory: string): Promise<Measured> {
  const args = ['--no-warnings', here('training-node.ts'), BATCH, SIDE, THREADS, memory, STEPS, runtime].map(
    String,
  );
  return JSON.parse((await run(process.execPath, args)).stdout) as Measured;
}

type Times = readonly [ms: number, cpuMs: number];

async function measurePeer(): Promise<{ readonly forward: Times; readonly step: Times } | undefined> {
  const python = ['/usr/bin/python3', 'python3'].find(
    (path) => spawnSync(path, ['-c', 'import torch']).status === 0,
  );
  if (python === undefined) return undefined;
  const args = [here('training-peer.py'), here('../../client/default-model'), BATCH, SIDE, THREADS, STEPS];
  return JSON.parse((await run(python, args.map(String))).stdout);
}

const runtimes: Runtime[] = hasNative() ? ['wasm', 'cpu'] : ['wasm'];
if (!hasNative()) {
  console.error(
    'NOT MEASURED: onnxruntime-node is not installed. Its rows need npm install --no-save --ignore-scripts onnxruntime-node@1.30.0',
  );
}
const peer = await measurePeer();
const rows: Row[] = [];
for (const runtime of runtimes) {
  const forward = await measure(runtime, 'forward');
  for (const memory of ['kept', 'cheap', 'segments']) {
    rows.push(rowOf(runtime, memory, forward, await measure(runtime, memory)));
  }
}
const sides = BUDGETS_BYTES.flatMap((budget) => largestTrainingSides(budget));

interface Row {
  readonly runtime: Runtime;
  readonly memory: string;
  readonly forwardMs: number;
  readonly ms: number;
  readonly cpuMs: number;
  readonly backwardToForward: number;
  readonly backwardToForwardCpu: number;
  readonly toPeer?: number;
  readonly toPeerCpu?: number;
  readonly keptBytes: number;
  readonly peakBytes: number;
  readonly heldBytes: number;
}

function rowOf(runtime: Runtime, memory: string, forward: Measured, step: Measured): Row {
  const { ms, cpuMs, held, kept, peak } = step;
  return {
    runtime,
    memory,
    forwardMs: forward.ms,
    ms,
    cpuMs,
    backwardToForward: (ms - forward.ms) / forward.ms,
    backwardToForwardCpu: (cpuMs - forward.cpuMs) / forward.cpuMs,
    ...(peer && { toPeer: ms / peer.step[0], toPeerCpu: cpuMs / peer.step[1] }),
    keptBytes: kept,
    peakBytes: peak,
    heldBytes: held,
  };
}

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ batch: BATCH, threads: THREADS, peer, rows, sides }));
} else {
  const both = (clock: number | undefined, cpu: number | undefined): string =>
    clock === undefined || cpu === undefined ? '' : `${clock.toFixed(2)}, CPU ${cpu.toFixed(2)}`;
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
  console.log(
    `A hypernetwork on all widths of the default model, batch ${BATCH}, threads ${THREADS}` +
      (peer === undefined
        ? '; PyTorch is not installed (Debian: python3-torch), so there is no peer'
        : `; PyTorch: forward ${peer.forward[0].toFixed(0)} ms, step ${peer.step[0].toFixed(0)} ms`),
  );
  console.table(
    rows.map((row) => ({
      runtime: NAMES[row.runtime],
      memory: row.memory,
      'forward ms': row.forwardMs.toFixed(0),
      'step ms': `${row.ms.toFixed(0)}, CPU ${row.cpuMs.toFixed(0)}`,
      [`backward ÷ forward (aim ≤ ${AIM_BACKWARD})`]: both(row.backwardToForward, row.backwardToForwardCpu),
      '÷ PyTorch': both(row.toPeer, row.toPeerCpu),
      aim: `≤ ${AIM_PEER[row.runtime]}`,
      'kept MB': megabytes(row.keptBytes),
      'peak MB on paper': megabytes(row.peakBytes),
      'process grew by MB': megabytes(row.heldBytes),
    })),
  );
  console.log('Stable Diffusion 1.5, one picture a step, largest square that fits, computed from its graph:');
  console.table(sides);
}
