// Runs a golden model's graphs in Node, as errors against the reference's numbers.
import { expect } from 'vitest';
import type { TensorFile } from '../../client/formats/entry.ts';
import { applyReference } from '../../client/hypernetwork/apply.ts';
import type { StrengthenedHypernetwork } from '../../client/hypernetwork/hypernetwork.ts';
import type { AttentionLowering } from '../../client/models/attention.ts';
import { styleFeeds, styleSignature } from '../../client/models/styles.ts';
import { buildUnet } from '../../client/models/unet.ts';
import type { EmittedGraph } from '../../client/onnx/graph.ts';
import { createSession } from '../../client/runtime/create.ts';
import type { Feed } from '../../client/runtime/session.ts';
import { relativeError, type Tensor, tensor } from '../../client/tensor/tensor.ts';
import type { GoldenModel } from './golden-model.ts';

/** One run of a graph with one output. */
export async function run(graph: EmittedGraph, feeds: Record<string, Feed>): Promise<Tensor> {
  const session = await createSession(graph, { backend: 'wasm' });
  try {
    return (await session.run(feeds))[graph.outputs[0]!.name]!;
  } finally {
    await session.release();
  }
}

/** Relative error against the tensor of that name. */
export async function errorOf({ expected }: GoldenModel, found: Tensor, name: string): Promise<number> {
  const wanted = await expected(name);
  expect(found.shape).toEqual(wanted.shape);
  return relativeError(found.data, wanted.data);
}

export async function inputIds({ expected }: GoldenModel): Promise<Feed> {
  const { shape, data } = await expected('input_ids');
  return { shape, data: Int32Array.from(data) };
}

/** The golden context as the styles' keys or values read it. */
async function bentContext(
  { expected }: GoldenModel,
  active: readonly StrengthenedHypernetwork[],
  kind: 'k' | 'v',
): Promise<Tensor> {
  const { shape, data } = await expected('context');
  const [batch, tokens, width] = shape as [number, number, number];
  let rows = tensor([batch * tokens, width], data);
  for (const { hypernetwork, strength } of active) {
    const pair = hypernetwork.widths.get(width);
    if (pair !== undefined) rows = applyReference(pair[kind], rows, strength);
  }
  return tensor(shape, rows.data);
}

/** The UNet's inputs for the golden sample, with these styles. */
export async function unetFeeds(
  model: GoldenModel,
  active: readonly StrengthenedHypernetwork[] = [],
): Promise<Record<string, Tensor>> {
  return {
    sample: await model.expected('sample'),
    timestep: await model.expected('timestep'),
    context_k: await bentContext(model, active, 'k'),
    context_v: await bentContext(model, active, 'v'),
    ...styleFeeds(active, styleSignature(active, model.config)),
  };
}

export async function noisePrediction(
  model: GoldenModel,
  attention: AttentionLowering,
  active: readonly StrengthenedHypernetwork[] = [],
  checkpoint: TensorFile = model.file,
): Promise<Tensor> {
  const signature = styleSignature(active, model.config);
  return run(buildUnet(checkpoint, model.config, { attention, signature }), await unetFeeds(model, active));
}
