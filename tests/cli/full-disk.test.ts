// The model store, and a training, on a disk that has no room or runs out of it in the middle: a real file system of a few megabytes.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodePng } from '../../client/formats/png.ts';
import { GOLDEN } from './run.ts';

const TRAINING = fileURLToPath(new URL('full-disk-training.ts', import.meta.url));
const CHILD = fileURLToPath(new URL('full-disk-child.ts', import.meta.url));
const MAIN = fileURLToPath(new URL('../../client/cli/main.ts', import.meta.url));
/** Room for two copies of the golden model, but not for a third. */
const TWO_MODELS = '18m';
let disk: string;

beforeAll(() => {
  disk = mkdtempSync(join(tmpdir(), 'tincture-disk-'));
});
afterAll(() => rmdirSync(disk));

/** Runs Node with a file system of this size mounted at `disk`, in a namespace of its own that ends with it. */
async function onDisk(size: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const mount = `mount -t tmpfs -o size=${size} tmpfs "${disk}" && exec "$@"`;
  const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--user', '--map-root-user'];
  const command = [...namespace, 'sh', '-c', mount, 'sh', process.execPath, '--no-warnings', ...args];
  const env = { ...process.env, TINCTURE_DATA: disk };
  return promisify(execFile)('unshare', command, { env }).catch(({ stdout, stderr }) => ({ stdout, stderr }));
}

test('too small from the beginning: what is missing is told, nothing is left', async () => {
  const { stdout, stderr } = await onDisk('4m', MAIN, 'models', 'add', `${GOLDEN}/sd-tiny`);
  expect(stderr).toMatch(/the disk has no room for the model.*expected \d{7} bytes free, found 41\d{5}/s);
  expect(stdout).toBe('');
});

test('filled in the middle: told as such, and the model from before is whole', async () => {
  const { stdout, stderr } = await onDisk(TWO_MODELS, CHILD, `${GOLDEN}/sd-tiny`, disk);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    code: 'store/quota',
    message: expect.stringMatching(/the disk is full.*What was there before is unharmed/s),
    stored: ['before'],
    listed: ['before'],
  });
});

test('filled while training: the save from before is whole, state and result of one step, and the error says so', async () => {
  const data = mkdtempSync(join(tmpdir(), 'tincture-pictures-'));
  const pixels = new Uint8ClampedArray(64 * 64 * 4).map((_, i) => (i % 4 === 3 ? 255 : i % 251));
  writeFileSync(join(data, 'red apple.png'), encodePng({ width: 64, height: 64, pixels }));
  const { stdout, stderr } = await onDisk('2m', TRAINING, `${GOLDEN}/sd-tiny`, data, disk);
  rmSync(data, { recursive: true });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    code: 'training/stopped',
    message: expect.stringMatching(
      /after step 4:.*mine.*cannot be written.*ENOSPC.*The save of step 2 is whole/s,
    ),
    last: `go on with --resume ${join(disk, 'mine.training.safetensors')}`,
    steps: [2, 2],
    files: ['filler', 'mine.pt', 'mine.training.safetensors'],
  });
});
