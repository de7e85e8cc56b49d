// Makes the examples' weights from the default model's styles and prints what was lost: `node plugins/example-weights.ts [EXAMPLE …]`.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bytesSource } from '../client/formats/bytes-source.ts';
import type { StoredTensor } from '../client/formats/entry.ts';
import { fileSource } from '../client/formats/node-file.ts';
import { openSafetensors, writeSafetensors } from '../client/formats/safetensors.ts';
import { applyReference } from '../client/hypernetwork/apply.ts';
import type { Hypernetwork } from '../client/hypernetwork/hypernetwork.ts';
import { readHypernetwork } from '../client/hypernetwork/read.ts';
import { openContextReader } from '../client/kit/prompt-context.ts';
import { tensor } from '../client/tensor/tensor.ts';
import { makeGate } from './generator/gate.ts';
import { KINDS } from './generator/subjects.ts';
import { compress, expand } from './low-rank/compress.ts';

/** How much smaller than the style's float32 file a compressed one must be. */
const RATIO = 8;
/** Prompts whose contexts tell what compression loses. */
const PROMPTS = [
  'red apple',
  'owl',
  'rocket on blue',
  'flat house',
  'glossy fox',
  'full moon on black',
  'gear',
  '',
];

const STYLES = new URL('../client/default-model/styles/', import.meta.url);

/** What each example's `weights` folder holds. */
const EXAMPLES: Readonly<Record<string, () => Promise<void>>> = {
  hypernetwork: () => halve('hypernetwork', ['risograph']),
  blend: () => halve('blend', ['blueprint', 'risograph']),
  fade: () => halve('fade', ['blueprint']),
  'low-rank': () => shrink('low-rank', ['blueprint']),
  async generator() {
    await shrink(
      'generator',
      KINDS.filter((kind) => kind !== 'none'),
    );
    const contexts = await openContextReader();
    const { file, seen, unseen } = await makeGate(contexts).finally(() => contexts.close());
    await put('generator', 'gate', file);
    for (const [what, { prompts, right, share }] of Object.entries({ seen, unseen })) {
      console.log(`names ${what}: ${right} of ${prompts} prompts right, mean share ${share.toFixed(3)}`);
    }
  },
};

function stylePath(name: string): string {
  return fileURLToPath(new URL(`${name}.safetensors`, STYLES));
}

async function put(example: string, name: string, file: Uint8Array): Promise<void> {
  const folder = new URL(`./${example}/weights/`, import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL(`${name}.safetensors`, folder), file);
  console.log(`${example}: ${name}, ${file.length} bytes`);
}

/** Copies styles in half precision, half the size. */
async function halve(example: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const source = await openSafetensors(await fileSource(stylePath(name)));
    const tensors = new Map<string, StoredTensor>();
    for (const { name: key } of source.entries.values()) {
      const { shape, data } = await source.read(key);
      tensors.set(key, { dtype: 'F16', shape, bytes: new Uint8Array(new Float16Array(data).buffer) });
    }
    await put(example, name, writeSafetensors(tensors, source.metadata));
  }
}

/** Compresses styles, and says what is lost on real contexts. */
async function shrink(example: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const original = await readFile(stylePath(name));
    const network = await readHypernetwork(bytesSource(name, original));
    const { file, ranks } = compress(network, Math.floor(original.length / RATIO));
    await put(example, name, file);
    console.log(
      `  ${(original.length / file.length).toFixed(2)} times smaller; ranks ${JSON.stringify(ranks)}`,
    );
    await printLoss(network, await openSafetensors(bytesSource(name, file)));
  }
}

/** The relative error of what the text width's layers add, ‖f′(x) − f(x)‖ / ‖f(x)‖ over all prompts. */
async function printLoss(
  network: Hypernetwork,
  compressed: Awaited<ReturnType<typeof openSafetensors>>,
): Promise<void> {
  const contexts = await openContextReader();
  const expanded = await expand(compressed, network);
  const { width } = contexts;
  for (const side of ['k', 'v'] as const) {
    let lost = 0;
    let all = 0;
    for (const prompt of PROMPTS) {
      const { rows, k } = await contexts.read(prompt);
      const x = tensor([rows, width], k);
      const own = applyReference(network.widths.get(width)![side], x, 1).data;
      const other = applyReference(expanded.get(width)![side], x, 1).data;
      own.forEach((value, i) => {
        lost += (other[i]! - value) ** 2;
        all += (value - k[i]!) ** 2;
      });
    }
    console.log(`  width ${width}, ${side}: relative error ${Math.sqrt(lost / all).toFixed(4)}`);
  }
  await contexts.close();
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(EXAMPLES);
for (const name of wanted) {
  const make = EXAMPLES[name];
  if (make === undefined)
    throw new Error(`no example is named ${name}: there are ${Object.keys(EXAMPLES).join(', ')}`);
  await make();
}
