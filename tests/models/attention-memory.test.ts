// The memory that plain attention takes.
import { expect, test } from 'vitest';
import { unetScoreBytes, vaeScoreBytes } from '../../client/models/attention-memory.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { sdTinyCheckpoint, sdTinyManifest } from './sd-tiny.ts';

test('the largest score matrices are those of the finest self-attention and of the VAE', async () => {
  const config = readModelConfig(await sdTinyCheckpoint(), await sdTinyManifest());
  const size = { batch: 2, width: 512, height: 512, tokens: 77 };
  expect(unetScoreBytes(config, size)).toBe(4 * 2 * 4 * 4096 ** 2);
  expect(unetScoreBytes(config, { ...size, tokens: 5000 })).toBe(4 * 2 * 4 * 4096 * 5000);
  const [first, second] = config.unet.levels;
  const levels = [{ ...first!, transformerDepth: 0 }, second!];
  const deeper = { ...config, unet: { ...config.unet, levels } };
  expect(unetScoreBytes(deeper, size)).toBe(4 * 2 * 4 * 1024 ** 2);
  expect(vaeScoreBytes(config, size)).toBe(4 * 4096 ** 2);
});
