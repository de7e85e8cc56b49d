// Checkpoints in bfloat16, which no graph can point at: train takes them as their widened copies, to the same numbers.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoredTensor } from '../../client/formats/entry.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { encodePng } from '../../client/formats/png.ts';
import { writeSafetensors } from '../../client/formats/safetensors.ts';
import { readTrainingState } from '../../client/training/state-file.ts';
import { sdTinyCheckpoint } from '../models/sd-tiny.ts';
import { GOLDEN, tincture } from './run.ts';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tincture-precision-'));
  mkdirSync(at('pictures'));
  const pixels = Uint8ClampedArray.from({ length: 64 * 64 * 4 }, (_, i) =>
    i % 4 === 3 ? 255 : (i * 3) % 251,
  );
  writeFileSync(at('pictures', 'red apple.png'), encodePng({ width: 64, height: 64, pixels }));
  const checkpoint = await sdTinyCheckpoint();
  const halves = new Map<string, StoredTensor>();
  const widened = new Map<string, StoredTensor>();
  for (const name of checkpoint.entries.keys()) {
    const { shape, data } = await checkpoint.read(name);
    // The upper halves of float32 values are bfloat16.
    const upper = Uint16Array.from(new Uint32Array(data.slice().buffer), (bits) => bits >>> 16);
    const wide = Uint32Array.from(upper, (bits) => bits << 16);
    halves.set(name, { dtype: 'BF16', shape, bytes: new Uint8Array(upper.buffer) });
    widened.set(name, { dtype: 'F32', shape, bytes: new Uint8Array(wide.buffer) });
  }
  for (const [name, tensors] of Object.entries({ halves, widened })) {
    cpSync(join(GOLDEN, 'sd-tiny'), at(name), { recursive: true });
    writeFileSync(at(name, 'checkpoint.safetensors'), writeSafetensors(tensors));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(['hypernetwork', 'embedding'] as const)(
  'training a checkpoint in bfloat16 has the numbers of its widened copy: %s',
  async (kind) => {
    const states = [];
    for (const model of ['halves', 'widened']) {
      const output = at(`${model}-${kind}.pt`);
      const { code, stderr } = await tincture(
      'train', kind, '--data', at('pictures'), '--model', at(model), '--output', output, '--name', 'thing',
      '--steps', '2', '--rate', '1e-3',
    ); // biome-ignore format: pairs
      expect(code, stderr).toBe(0);
      expect(stderr.includes('widening the weights')).toBe(model === 'halves');
      const { state } = await readTrainingState(
        await fileSource(output.replace(/pt$/, 'training.safetensors')),
      );
      states.push(state);
    }
    expect(states[0]).toEqual(states[1]);
  },
);
