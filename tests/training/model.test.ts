// All weights of a model: gradients against PyTorch's, a training that lowers its loss, and the checkpoint that comes of it.
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { emitGraph } from '../../client/onnx/emit.ts';
import { createTokenizer } from '../../client/prompt/tokenizer.ts';
import { configureRuntime } from '../../client/runtime/configure.ts';
import { createSession } from '../../client/runtime/create.ts';
import { relativeError, tensor } from '../../client/tensor/tensor.ts';
import { defaultOptions } from '../../client/training/default-options.ts';
import type { Example } from '../../client/training/examples.ts';
import { modelFile, startModel, untrainedTensors } from '../../client/training/model-weights.ts';
import { buildStepGraph, gradientName } from '../../client/training/step-graph.ts';
import { Trainer } from '../../client/training/trainer.ts';
import { freshState } from '../../client/training/training-state.ts';
import { type Golden, goldenBatch, openGolden } from './golden-training.ts';

const FOLDER = new URL('../golden/sd-tiny/', import.meta.url).pathname;
const EXPECTED: {
  readonly loss: number;
  readonly gradients: Readonly<Record<string, readonly [length: number, product: number]>>;
} = JSON.parse(readFileSync(new URL('../golden/model-training.json', import.meta.url), 'utf8'));
let golden: Golden;

beforeAll(async () => {
  configureRuntime({ threads: 1 });
  golden = await openGolden((name) => fileSource(`${FOLDER}${name}`));
});

test('loss and gradients of all weights of UNet and text encoder are PyTorch’s', async () => {
  const { checkpoint, config } = golden;
  const weights = await startModel(checkpoint, config);
  expect([...weights.keys()].sort()).toEqual(Object.keys(EXPECTED.gradients).sort());
  const size = { batch: 2, height: 8, width: 8, tokens: 77 };
  const { graph } = buildStepGraph(checkpoint, config, { kind: 'model' }, size, { memory: 'kept' });
  const session = await createSession(emitGraph(graph), { backend: 'wasm' });
  const expected = await openSafetensors(await golden.open('expected.safetensors'));
  const ids = await expected.read('input_ids');
  const { zero: _, ...batch } = await goldenBatch(golden, 0);
  const found = await session.run({
    ...batch,
    input_ids: { shape: ids.shape, data: Int32Array.from(ids.data) },
    ...Object.fromEntries(weights),
  });
  await session.release();
  expect(found['loss']!.data[0]).toBeCloseTo(EXPECTED.loss, 5);
  const whole = Math.hypot(...Object.values(EXPECTED.gradients).map(([length]) => length));
  for (const [name, [length, product]] of Object.entries(EXPECTED.gradients)) {
    const { data } = found[gradientName(name)]!;
    // Those that are 0 in exact arithmetic, the keys' biases, are rounding in both programs.
    const allowed = 1e-3 * Math.max(length, 1e-4 * whole);
    expect(Math.abs(Math.hypot(...data) - length), name).toBeLessThan(allowed);
    const along = data.reduce((sum, value, i) => sum + value * Math.cos(i), 0);
    expect(Math.abs(along - product), name).toBeLessThan(3 * allowed);
  }
});

test('a few steps lower the loss on noise that was not trained on; the checkpoint has the trained weights', async () => {
  const { checkpoint, config } = golden;
  const text = (name: string) => readFileSync(`${FOLDER}${name}`, 'utf8');
  const tokenizer = createTokenizer(text('vocab.json'), text('merges.txt'));
  const example: Example = {
    name: 'one',
    caption: 'a red apple',
    mean: tensor(
      [4, 8, 8],
      Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)),
    ),
    deviation: tensor([4, 8, 8]),
    weight: tensor([1, 8, 8], new Float32Array(64).fill(1)),
  };
  const start = freshState(await startModel(checkpoint, config));
  const trainer = await Trainer.create({
    model: { checkpoint, config, tokenizer },
    backend: 'wasm',
    trainee: { kind: 'model' },
    name: 'tiny',
    examples: [example],
    validation: [example],
    start,
    options: { ...defaultOptions('model', 6, '1e-3'), batch: 2 },
  });
  const before = (await trainer.validationLoss())!;
  for (let step = 0; step < 6; step++) await trainer.next();
  expect((await trainer.validationLoss())!).toBeLessThan(0.9 * before);
  const state = await trainer.state();
  await trainer.close();

  const facts = {
    kind: 'model',
    name: 'tiny',
    modelHash: '0123456789',
    modelName: 'sd-tiny',
    seed: 0n,
  } as const;
  const untrained = await untrainedTensors(checkpoint, start.weights);
  const bytes = modelFile(state, checkpoint, untrained, facts);
  const result = await openSafetensors(bytesSource('tiny.safetensors', bytes));
  expect([...result.entries.keys()].sort()).toEqual([...checkpoint.entries.keys()].sort());
  for (const [name, { shape }] of checkpoint.entries)
    expect(result.entries.get(name)!.shape, name).toEqual(shape);
  const moved = 'model.diffusion_model.input_blocks.0.0.weight';
  expect((await result.read(moved)).data).toEqual(state.weights.get(moved)!.data);
  expect(relativeError(state.weights.get(moved)!.data, start.weights.get(moved)!.data)).toBeGreaterThan(1e-3);
  const kept = 'first_stage_model.decoder.conv_in.weight';
  expect((await result.read(kept)).data).toEqual((await checkpoint.read(kept)).data);
  expect(result.metadata).toEqual({ 'tincture.trained_from': '0123456789', 'tincture.steps': '6' });
});
