// Fifty pictures in a row hold no more than ten: the wasm heap, sessions and values on the device, cancelled ones included.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine, GenerateRequest } from '../../client/index.ts';
import { live } from '../../client/runtime/live.ts';

const GOLDEN = 'tests/golden/sd-tiny';
const PICTURES = 50;
/** By then each kind of picture was drawn. */
const WARM = 10;

/** Every memory that is made while the engine loads; the runtime's heap is the largest. */
const memories: WebAssembly.Memory[] = [];
const { Memory } = WebAssembly;
let engine: Engine;

beforeAll(async () => {
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      memories.push(this);
    }
  };
  const { createEngine } = await import('../../client/index.ts');
  engine = await createEngine({ model: GOLDEN, backend: 'wasm', threads: 1 });
});

afterAll(async () => {
  WebAssembly.Memory = Memory;
  await engine.close();
});

function heapBytes(): number {
  return Math.max(...memories.map(({ buffer }) => buffer.byteLength));
}

/** Another kind of picture each time, in turns of five. */
function requestOf(number: number): GenerateRequest {
  const style = (name: string, strength: number) => ({ style: `${GOLDEN}/${name}.pt`, strength });
  const variants: readonly Partial<GenerateRequest>[] = [
    {},
    { styles: [style('style-a', number / 50)] },
    { styles: [style('style-a', 0.8), style('style-b', number / 50)], guidance: 3 },
    { sampler: 'Euler a', steps: 2, batchSize: 2, previewEvery: 1 },
    { prompt: '[red|green] apple AND house', negativePrompt: 'x '.repeat(90), guidance: 2, steps: 2 },
  ];
  const usual = { prompt: 'apple', seed: number, steps: 1, guidance: 1, width: 32, height: 32 };
  return { ...usual, ...variants[number % variants.length] };
}

/** Draws number `number`; every seventh is cancelled at its first step. */
async function draw(number: number): Promise<void> {
  if (number % 7 !== 6) {
    await engine.generate(requestOf(number));
    return;
  }
  const abort = new AbortController();
  const cancelled = engine.generate(
    { ...requestOf(number), steps: 4 },
    { signal: abort.signal, onProgress: ({ stage }) => stage === 'unet' && abort.abort() },
  );
  await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
}

it('memory is flat over fifty pictures, and all is freed on close', async () => {
  for (let number = 0; number < WARM; number++) await draw(number);
  const [heap, alive] = [heapBytes(), live()];
  expect(heap).toBeGreaterThan(2 ** 24);
  // Text encoder, decoder, and the UNets of three signatures.
  expect(alive).toEqual({ sessions: 5, deviceValues: 0 });
  for (let number = WARM; number < PICTURES; number++) {
    await draw(number);
    expect([number, heapBytes(), live()]).toEqual([number, heap, alive]);
  }
  await engine.close();
  expect(live()).toEqual({ sessions: 0, deviceValues: 0 });
});
