// The default model's files keep their contract: sizes, key names, vocabulary, styles; and the trainer's own tests pass.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const folder = new URL('../../client/default-model/', import.meta.url);
const json = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const described = json('model.json');
const checkpoint = new URL(described.checkpoint, folder);

type Header = Record<string, { dtype: string; shape: number[] }>;

function header(): Header {
  const bytes = readFileSync(checkpoint);
  return JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString('utf8'));
}

describe('the default model', () => {
  it('is described as a Stable Diffusion v1 model', () => {
    expect(described).toMatchObject({
      architecture: 'stable-diffusion-v1',
      prediction: 'epsilon',
      defaults: { width: 64, height: 64 },
    });
    expect(described.latentScale).toBeGreaterThan(0);
  });

  it('has a half-precision checkpoint under 24 MiB with the single-file key names', () => {
    expect(statSync(checkpoint).size).toBeLessThan(24 * 2 ** 20);
    const tensors = header();
    expect(new Set(Object.values(tensors).map((tensor) => tensor.dtype))).toEqual(new Set(['F16']));
    const roots = new Set(Object.keys(tensors).map((name) => name.split('.')[0]));
    expect(roots).toEqual(new Set(['model', 'first_stage_model', 'cond_stage_model']));
  });

  it('has a vocabulary as large as its embedding, laid out as CLIP does', () => {
    const ids: Record<string, number> = json(described.tokenizer.vocab);
    const merges = readFileSync(new URL(described.tokenizer.merges, folder), 'utf8')
      .trim()
      .split('\n')
      .slice(1);
    const size = Object.keys(ids).length;
    const embedding = header()['cond_stage_model.transformer.text_model.embeddings.token_embedding.weight'];
    expect(embedding?.shape).toEqual([size, 96]);
    expect(size).toBe(512 + merges.length + 2);
    expect(ids['<|startoftext|>']).toBe(size - 2);
    expect(merges.every((merge, i) => ids[merge.replace(' ', '')] === 512 + i)).toBe(true);
  });

  it('has a preview beside every style', () => {
    const styles = new URL('styles/', folder);
    const names = existsSync(styles) ? readdirSync(styles).filter((name) => name.endsWith('.pt')) : [];
    expect(names.sort()).toEqual(['blueprint.pt', 'risograph.pt', 'silhouette.pt']);
    for (const name of names) expect(existsSync(new URL(name.replace('.pt', '.png'), styles))).toBe(true);
  });
});

const python = ['/usr/bin/python3', 'python3'].find(
  (path) => spawnSync(path, ['-c', 'import torch, PIL']).status === 0,
);

if (!python) {
  console.warn(
    'NOT RUN: the trainer’s own tests need PyTorch and Pillow (Debian: python3-torch python3-pil).',
  );
}

describe.skipIf(!python)('the trainer', () => {
  it('passes its own tests', () => {
    const tests = new URL('.', import.meta.url).pathname;
    const run = spawnSync(python as string, ['-m', 'unittest', 'discover', tests], { encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(0);
  });
});
