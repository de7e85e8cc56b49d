// Training steps on wasm against PyTorch's numbers, with each way to save memory.
import { beforeAll, expect, test } from 'vitest';
import { fileSource } from '../../client/formats/node-file.ts';
import { configureRuntime } from '../../client/runtime/configure.ts';
import { expectAgreement } from './expectations.ts';
import { embeddingDifferences, type Golden, hypernetworkDifferences, openGolden } from './golden-training.ts';

const FOLDER = new URL('../golden/sd-tiny/', import.meta.url).pathname;
let golden: Golden;

beforeAll(async () => {
  configureRuntime({ threads: 1 });
  golden = await openGolden((name) => fileSource(`${FOLDER}${name}`));
});

test.each(['kept', 'cheap', 'segments'] as const)(
  'losses, all gradients and the weights after three steps, with memory %s',
  async (memory) => {
    expectAgreement(await hypernetworkDifferences(golden, 'wasm', memory), 1e-5);
  },
);

test('the gradient of an embedding', async () => {
  const { loss, gradient } = await embeddingDifferences(golden, 'wasm');
  expect(loss).toBeLessThan(1e-4);
  expect(gradient).toBeLessThan(1e-3);
});
