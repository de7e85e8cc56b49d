// Makes the generator's weights: three shipped styles compressed, and the gate trained on the default model's contexts. Prints figures.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { StoredTensor } from '../../client/formats/entry.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { writeSafetensors } from '../../client/formats/safetensors.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { compress } from '../low-rank/compress.ts';
import { contextsOf } from './contexts.ts';
import { examples, KINDS } from './subjects.ts';
import { type Gate, shares, trainGate } from './train.ts';

/** How much smaller a base gets. */
const RATIO = 8;
const TRAINING = { hidden: 16, outputs: KINDS.length, epochs: 150, seed: 1 };

const STYLES = new URL('../../client/default-model/styles/', import.meta.url);
const WEIGHTS = new URL('./weights/', import.meta.url);

/** The mean of a context's rows: what the gate reads. */
export function pooled({
  rows,
  width,
  data,
}: {
  rows: number;
  width: number;
  data: Float32Array;
}): Float64Array {
  const mean = new Float64Array(width);
  for (let i = 0; i < data.length; i++) mean[i % width]! += data[i]! / rows;
  return mean;
}

function store(gate: Gate): Uint8Array<ArrayBuffer> {
  const sizes = [gate.inputs, gate.hidden, gate.outputs] as const;
  const tensors = new Map<string, StoredTensor>();
  const put = (name: string, shape: number[], values: Float64Array) =>
    tensors.set(name, { dtype: 'F32', shape, bytes: new Uint8Array(new Float32Array(values).buffer) });
  for (const layer of [0, 1] as const) {
    put(`gate.${layer}.weight`, [sizes[layer + 1]!, sizes[layer]!], gate.weights[layer]);
    put(`gate.${layer}.bias`, [sizes[layer + 1]!], gate.biases[layer]);
  }
  return writeSafetensors(tensors);
}

async function main(): Promise<void> {
  await mkdir(WEIGHTS, { recursive: true });
  for (const name of KINDS.slice(0, -1)) {
    const path = new URL(`${name}.safetensors`, STYLES);
    const network = await readHypernetwork(await fileSource(path.pathname));
    const { byteLength } = await readFile(path);
    const { file } = compress(network, Math.floor(byteLength / RATIO));
    await writeFile(new URL(`${name}.safetensors`, WEIGHTS), file);
    console.log(`${name}: ${byteLength} → ${file.length} bytes`);
  }
  const all = examples();
  const contexts = await contextsOf(all.map(({ text }) => text));
  const samples = all.map((example, i) => ({ ...example, x: pooled(contexts[i]!) }));
  const gate = trainGate(
    samples.filter(({ heldOut }) => !heldOut),
    TRAINING,
  );
  const file = store(gate);
  await writeFile(new URL('gate.safetensors', WEIGHTS), file);
  for (const heldOut of [false, true]) {
    const part = samples.filter((sample) => sample.heldOut === heldOut);
    const right = part.filter(({ x, kind }) => {
      const share = shares(gate, x);
      return share.indexOf(Math.max(...share)) === kind;
    });
    const sure = part.reduce((sum, { x, kind }) => sum + shares(gate, x)[kind]!, 0) / part.length;
    console.log(
      `${heldOut ? 'names never seen' : 'training'}: ${right.length} of ${part.length} prompts right, mean share ${sure.toFixed(3)}`,
    );
  }
  console.log(`gate: ${file.length} bytes`);
}

if (process.argv[1] === new URL(import.meta.url).pathname) await main();
