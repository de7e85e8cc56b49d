// Mutated golden files: every reader answers with a value or a typed error, and never with anything else.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { decodePng } from '../../client/formats/png.ts';
import { readPngText } from '../../client/formats/png-text.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { openTorchFile, torchTensorFile } from '../../client/formats/torch-file.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { TinctureError } from '../../plugins/contract/error.ts';
import { goldenBytes } from './golden.ts';

/** Mutations in all; `TINCTURE_FUZZ_RUNS=100000` for a long run. */
const RUNS = Number(process.env['TINCTURE_FUZZ_RUNS'] ?? '4000');

type Reader = (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;

/** Opens a file and reads all of its tensors. */
const readers: Readonly<Record<string, Reader>> = {
  async safetensors(bytes) {
    const file = await openSafetensors(bytesSource('fuzzed', bytes));
    for (const name of file.entries.keys()) await file.read(name);
  },
  async torch(bytes) {
    const file = torchTensorFile(await openTorchFile(bytesSource('fuzzed', bytes)));
    for (const name of file.entries.keys()) await file.read(name);
  },
  async hypernetwork(bytes) {
    await readHypernetwork(bytesSource('fuzzed', bytes));
  },
  async png(bytes) {
    readPngText(bytes, 'fuzzed');
    decodePng(bytes, 'fuzzed');
  },
};

const seeds: readonly [string, keyof typeof readers][] = [
  ['embeddings/brush.safetensors', 'safetensors'],
  ['embeddings/brush.pt', 'torch'],
  ['embeddings/brush-prezip.pt', 'torch'],
  ['embeddings/brush-parameter-dict.pt', 'torch'],
  ['embeddings/brush-diffusers.bin', 'torch'],
  ['hypernetworks/half.pt', 'hypernetwork'],
  ['hypernetworks/elu-activate-output.pt', 'hypernetwork'],
  ['hypernetworks/legacy-nai-prezip.pt', 'hypernetwork'],
  ['embeddings/brush-text-chunk.png', 'png'],
];

/** One change of a file, with places as fractions so that it fits every file. */
type Mutation =
  | { readonly kind: 'byte'; readonly at: number; readonly value: number }
  | { readonly kind: 'uint32'; readonly at: number; readonly value: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array };

// Unbiased: extreme places are the magic numbers, which are refused at once.
const place = fc.noBias(fc.nat({ max: 2 ** 30 - 1 })).map((value) => value / 2 ** 30);
const length = fc.integer({ min: 1, max: 64 });
const extremes = fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('byte'), at: place, value: fc.integer({ min: 0, max: 255 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('uint32'), at: place, value: extremes }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut'), at: place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), at: place, length }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat'), at: place, length }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('insert'), at: place, bytes: fc.uint8Array({ maxLength: 16 }) }),
  },
);

/** The part of a file where most of its structure is: tensors' bytes change nothing that a reader decides on. */
function structuralRanges(path: string, size: number): [number, number][] {
  if (path.endsWith('.png')) return [[0, size]];
  if (path.endsWith('.safetensors')) return [[0, Math.min(size, 120)]];
  return [
    [0, Math.min(size, 1400)],
    [Math.max(0, size - 1600), size],
  ];
}

function apply(
  bytes: Uint8Array<ArrayBuffer>,
  change: Mutation,
  ranges: [number, number][],
): Uint8Array<ArrayBuffer> {
  const total = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
  let rest = Math.floor(change.at * total);
  let at = 0;
  for (const [start, end] of ranges) {
    at = start + Math.min(rest, end - start);
    if (rest < end - start) break;
    rest -= end - start;
  }
  at = Math.min(at, bytes.length);
  const join = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat(parts));
  switch (change.kind) {
    case 'byte':
      return join(bytes.subarray(0, at), new Uint8Array([change.value]), bytes.subarray(at + 1));
    case 'uint32':
      return join(
        bytes.subarray(0, at),
        new Uint8Array(new Uint32Array([change.value]).buffer),
        bytes.subarray(at + 4),
      );
    case 'cut':
      return bytes.slice(0, at);
    case 'remove':
      return join(bytes.subarray(0, at), bytes.subarray(at + change.length));
    case 'repeat':
      return join(bytes.subarray(0, at + change.length), bytes.subarray(at));
    case 'insert':
      return join(bytes.subarray(0, at), change.bytes, bytes.subarray(at));
  }
}

describe('mutated files', () => {
  const outcomes = new Map<string, number>();

  test.each(seeds)('%s through the %s reader', { timeout: 3_600_000 }, async (path, reader) => {
    const original = goldenBytes(path);
    const ranges = structuralRanges(path, original.length);
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (changes) => {
        let bytes = original;
        for (const change of changes) bytes = apply(bytes, change, ranges);
        let outcome = 'read';
        try {
          await readers[reader]!(bytes);
        } catch (error) {
          if (!(error instanceof TinctureError)) throw error;
          outcome = error.code;
          // The errors that a file can cause name the file and a place.
          if (!error.facts.where?.startsWith('fuzzed'))
            throw new Error(`no place: ${error.message}`, { cause: error });
        }
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
      { numRuns: Math.ceil(RUNS / seeds.length) },
    );
  });

  test('reached both files that can be read and every kind of error', () => {
    const total = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThanOrEqual(RUNS);
    for (const outcome of [
      'read',
      'format/truncated',
      'format/invalid',
      'format/unsupported',
      'format/refused',
    ]) {
      expect(outcomes.get(outcome) ?? 0, outcome).toBeGreaterThan(0);
    }
    if (RUNS > 4000)
      process.stdout.write(`${total} mutations: ${JSON.stringify(Object.fromEntries(outcomes))}\n`);
  });
});

describe('a file that is cut', () => {
  test.each<[string, keyof typeof readers]>([
    ['embeddings/brush.safetensors', 'safetensors'],
    ['embeddings/brush.pt', 'torch'],
    ['embeddings/brush-prezip.pt', 'torch'],
    ['embeddings/brush-parameter-dict.pt', 'torch'],
    ['hypernetworks/elu-activate-output.pt', 'hypernetwork'],
    ['embeddings/brush-text-chunk.png', 'png'],
  ])('%s at any byte is a typed error', async (path, reader) => {
    const whole = goldenBytes(path);
    for (let end = 0; end < whole.length; end++) {
      let error: unknown;
      try {
        await readers[reader]!(whole.slice(0, end));
      } catch (caught) {
        error = caught;
      }
      if (!(error instanceof TinctureError)) expect.fail(`cut at ${end}: ${String(error ?? 'was read')}`);
      if (!error.facts.where?.startsWith('fuzzed')) expect.fail(`cut at ${end}, no place: ${error.message}`);
    }
    await readers[reader]!(whole);
  });
});
