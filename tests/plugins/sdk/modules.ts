// The module of assembly/everything.ts and the others, compiled, with what tests call in it.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
// biome-ignore lint/correctness/useImportExtensions: the rule takes the types beside it for the module
import { compileModule } from '../../../wasm/build.mjs';
import type { RawExports, RawPlugin } from '../raw-plugin.ts';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface Everything extends RawExports {
  tincture_describe(): number;
  tincture_parameter(index: number, value: number): number;
  tincture_schedule(steps: number, out: number): number;
  tincture_load(
    set: number,
    width: number,
    side: number,
    index: number,
    block: number,
    length: number,
  ): number;
  tincture_tensor(set: number, block: number, length: number): number;
  tincture_context(width: number, rows: number, context: number): number;
  tincture_apply(width: number, rows: number, k: number, v: number, strength: number): number;
  tincture_layers(width: number, side: number, out: number): number;
  parameter(index: number): number;
  element(set: number, i: number): number;
  widened(set: number, out: number): number;
  hasShape(set: number, rows: number, columns: number): number;
  forget(set: number): void;
  unpack(set: number, width: number, whole: number): number;
  mixed(width: number, side: number, count: number, weights: number): number;
  narrow(rows: number, x: number, y: number): number;
  withoutSlopes(): number;
  contextSum(): number;
  softmax(x: number, rows: number, width: number): void;
  meanOfRows(x: number, rows: number, width: number, out: number): void;
  multiply(b: number, a: number, rows: number, rank: number, columns: number, out: number): void;
  dequantise(whole: number, scales: number, rows: number, columns: number, out: number): void;
  tellNumber(value: bigint): number;
  tellDecimal(value: number): number;
  tellWidth(): number;
  tellAll(): number;
}

/** Compiles `assembly/NAME.ts`. Test files have outputs of their own, since they run at the same time. */
export async function compiled(name: string, output = name): Promise<Uint8Array<ArrayBuffer>> {
  const path = `build/tests/sdk-${output}.wasm`;
  await compileModule(ROOT, `tests/plugins/sdk/assembly/${name}.ts`, path, []);
  return new Uint8Array(await readFile(`${ROOT}/${path}`));
}

/** Hands over a tensor whose values are `bytes`; `cut` of them are kept back. Gives the status. */
export function sendTensor(
  plugin: RawPlugin<Everything>,
  set: number,
  name: string,
  dtype: number,
  shape: readonly number[],
  bytes: Uint8Array,
  cut = 0,
): number {
  const named = Math.ceil(name.length / 16) * 16;
  const block = new Uint8Array(48 + named + bytes.length - cut);
  const head = new Uint32Array(block.buffer, 0, 12);
  head.set([dtype, shape.length, ...shape]);
  head[8] = name.length;
  block.set(new TextEncoder().encode(name), 48);
  block.set(bytes.subarray(0, bytes.length - cut), 48 + named);
  const at = plugin.place(block);
  const status = plugin.exports.tincture_tensor(set, at, block.length);
  plugin.exports.tincture_free(at);
  return status;
}
