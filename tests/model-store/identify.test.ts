// What files in hand are together: here a model with a preview decoder.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { StoredTensor } from '../../client/formats/entry.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { openSafetensors, writeSafetensors } from '../../client/formats/safetensors.ts';
import { holdsModel, identifyModel } from '../../client/model-store/identify.ts';

const FOLDER = 'tests/golden/sd-tiny';

const pick = async (path: string) => ({ path, file: new Blob([await readFile(`${FOLDER}/${path}`)]) });

/** The golden small decoder without the numbers that lie beside it. */
async function tinyDecoder(): Promise<Blob> {
  const file = await openSafetensors(await fileSource('tests/golden/tiny-decoder.safetensors'));
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, offset, byteLength } of file.entries.values()) {
    if (name.startsWith('golden.')) continue;
    tensors.set(name, { dtype, shape, bytes: await file.source.read(offset, byteLength) });
  }
  return new Blob([writeSafetensors(tensors, {})]);
}

test('a folder whose model.json names a preview decoder is a model with one, checked against its latents', async () => {
  const manifest = JSON.parse(await readFile(`${FOLDER}/model.json`, 'utf8'));
  const named = new Blob([JSON.stringify({ ...manifest, previewDecoder: 'tiny.safetensors' })]);
  const files = [{ path: 'model.json', file: named }, await pick('checkpoint.safetensors')];
  const tiny = { path: 'tiny.safetensors', file: await tinyDecoder() };
  const { parts, manifest: kept } = await identifyModel([...files, tiny], 'mine');
  expect(parts.previewDecoder).toBe('tiny.safetensors');
  expect(kept).toMatchObject({ name: 'mine', previewDecoder: 'tiny.safetensors' });
  await expect(identifyModel(files, 'mine')).rejects.toThrow('expected tiny.safetensors');
  const wrong = { path: 'tiny.safetensors', file: (await pick('checkpoint.safetensors')).file };
  await expect(identifyModel([...files, wrong], 'mine')).rejects.toThrow('holds no small decoder');
});

test('a preview decoder alone is no model, in words', async () => {
  const tiny = { path: 'taesd_decoder.safetensors', file: await tinyDecoder() };
  await expect(identifyModel([tiny], 'mine')).rejects.toThrow(
    'a preview decoder is no model. Bring it together with the checkpoint that it is for.',
  );
});

test('a checkpoint holds a model; a style, a description and a broken file do not', async () => {
  expect(await holdsModel(await pick('checkpoint.safetensors'))).toBe(true);
  expect(await holdsModel(await pick('style-a.pt'))).toBe(false);
  expect(await holdsModel(await pick('model.json'))).toBe(false);
  expect(await holdsModel({ path: 'empty.safetensors', file: new Blob([]) })).toBe(false);
});
