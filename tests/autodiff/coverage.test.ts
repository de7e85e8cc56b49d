// Every op that the models' graphs are made of, in the plain lowering, has a rule or says that it has no gradient.
import { expect, test } from 'vitest';
import { RULES } from '../../client/autodiff/rules.ts';
import type { TensorFile } from '../../client/formats/entry.ts';
import { type ModelConfig, readModelConfig } from '../../client/models/config.ts';
import { decoder } from '../../client/models/decoder.ts';
import { encoder } from '../../client/models/encoder.ts';
import { TEXT_PREFIX, UNET_PREFIX, VAE_PREFIX } from '../../client/models/names.ts';
import { draftGraph, type Network } from '../../client/models/network.ts';
import { textEncoder } from '../../client/models/text-encoder.ts';
import { unet } from '../../client/models/unet.ts';
import { sdTinyCheckpoint, sdTinyManifest } from '../models/sd-tiny.ts';

test('UNet, text encoder and VAE', async () => {
  const file: TensorFile = await sdTinyCheckpoint();
  const config: ModelConfig = readModelConfig(file, await sdTinyManifest());
  const plain = { attention: 'plain' } as const;
  const parts: readonly [prefix: string, body: (network: Network) => void][] = [
    [UNET_PREFIX, (network) => unet(network, config, plain)],
    [TEXT_PREFIX, (network) => textEncoder(network, config, { steered: true })],
    [VAE_PREFIX, (network) => encoder(network, config, plain)],
    [VAE_PREFIX, (network) => decoder(network, config, plain)],
  ];
  const ops = new Set(
    parts.flatMap(([prefix, body]) => draftGraph('part', file, prefix, body).graph.nodes.map(({ op }) => op)),
  );
  expect(ops.size).toBeGreaterThan(15);
  expect([...ops].filter((op) => !Object.hasOwn(RULES, op))).toEqual([]);
});
