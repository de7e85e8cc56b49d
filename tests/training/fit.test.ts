// Whether a training fits, on paper: the fastest plan that fits, the largest size, and what cannot be.
import { beforeAll, expect, test } from 'vitest';
import { readModelConfig } from '../../client/models/config.ts';
import { assess, type Room } from '../../client/training/fit.ts';
import type { TrainingBase } from '../../client/training/open-training.ts';
import { sdTinyCheckpoint, sdTinyManifest } from '../models/sd-tiny.ts';
import { goldenTokenizer, TRAINING_REQUEST } from './training-request.ts';

const SIZE = { width: 64, height: 64 };
let model: TrainingBase;

beforeAll(async () => {
  const checkpoint = await sdTinyCheckpoint();
  const config = readModelConfig(checkpoint, await sdTinyManifest());
  model = {
    checkpoint,
    config,
    tokenizer: await goldenTokenizer(),
    facts: {
      name: 'sd-tiny',
      hash: '0123456789',
      contextWidth: config.contextWidth,
      selfAttentionWidths: config.selfAttentionWidths,
    },
  };
});

const room = (bytes: number, certain = true, largestValue = 2 ** 40): Room => ({
  bytes,
  certain,
  largestValue,
});
const look = (given: Room, change = {}) => assess(model, { ...TRAINING_REQUEST, ...change }, SIZE, given);

test('with room everything is kept, and twice the size fits too', () => {
  const { verdict, need, largest } = look(room(2 ** 34));
  expect([verdict, need.memory, need.size]).toEqual(['fits', 'kept', SIZE]);
  expect(largest).toEqual({ width: 128, height: 128 });
});

test('with less, the fastest plan that fits is taken; each needs less than the one before', () => {
  const bytes = (['kept', 'cheap', 'segments'] as const).map(
    (memory) => look(room(2 ** 34), { memory }).need.bytes,
  );
  expect(bytes).toEqual([...bytes].sort((a, b) => b - a));
  expect(new Set(bytes).size).toBe(3);
  for (const [i, memory] of (['kept', 'cheap', 'segments'] as const).entries()) {
    expect(look(room(bytes[i]!)).need.memory).toBe(memory);
  }
  const least = look(room(bytes[2]! - 1));
  expect([least.verdict, least.need.memory, least.largest]).toEqual(['too-large', 'segments', undefined]);
});

test('what a browser only tells of may still fit; a value that no buffer holds cannot', () => {
  expect(look(room(2 ** 20, false)).verdict).toBe('unknown');
  expect(look(room(2 ** 34, false, 1000)).verdict).toBe('too-large');
});

test('held-back pictures and buckets need the model again', () => {
  const plain = look(room(2 ** 34)).need.bytes;
  const held = look(room(2 ** 34), { holdBack: 1 }).need.bytes;
  const buckets = look(room(2 ** 34), { buckets: true }).need.bytes;
  expect(held).toBeGreaterThan(plain);
  expect(buckets - plain).toBe(2 * (held - plain));
});
