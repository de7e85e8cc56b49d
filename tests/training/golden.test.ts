// Training steps on wasm against PyTorch's numbers, with each way to save memory; on onnxruntime-node where it is installed.
import { beforeAll, expect, test } from 'vitest';
import { fileSource } from '../../client/formats/node-file.ts';
import { chooseBackend } from '../../client/runtime/backend.ts';
import { configureRuntime } from '../../client/runtime/configure.ts';
import { hasNative } from '../../client/runtime/native.ts';
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
    expectAgreement(await hypernetworkDifferences(golden, 'wasm', memory));
  },
);

test('the gradient of an embedding', async () => {
  const { loss, gradient } = await embeddingDifferences(golden, 'wasm');
  expect(loss).toBeLessThan(1e-4);
  expect(gradient).toBeLessThan(1e-3);
});

test('the same on onnxruntime-node, or words on how to install it', async () => {
  if (!hasNative()) {
    console.warn('NOT TESTED: golden training numbers on onnxruntime-node, which is not installed');
    await expect(chooseBackend('cpu')).rejects.toMatchObject({
      code: 'runtime/backend',
      message: expect.stringMatching(
        /cannot be loaded.*npm install --no-save --ignore-scripts onnxruntime-node@1\.30\.0/s,
      ),
    });
    return;
  }
  expect((await chooseBackend('cpu')).reason).toContain('onnxruntime-node');
  for (const memory of ['kept', 'segments'] as const) {
    expectAgreement(await hypernetworkDifferences(golden, 'cpu', memory));
  }
  const { loss, gradient } = await embeddingDifferences(golden, 'cpu');
  expect(loss).toBeLessThan(1e-4);
  expect(gradient).toBeLessThan(1e-3);
});
