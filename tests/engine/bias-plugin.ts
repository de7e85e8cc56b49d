// A plugin in WebAssembly text whose layers add one number to the values: easy to say again as a hypernetwork file.

import { readFile } from 'node:fs/promises';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { digestOfBytes } from '../../client/formats/digest.ts';
import type { Hypernetwork, LayerPair } from '../../client/hypernetwork/hypernetwork.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { writeHypernetworkSafetensors } from '../../client/hypernetwork/write.ts';
import { type ByteSource, type StyleSource, writeStyleFile } from '../../client/index.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { cardDigest, withCardSection } from '../../plugins/contract/card-section.ts';
import type { StyleCard, StyleManifest } from '../../plugins/contract/style.ts';
import { compileText, moduleText } from '../plugins/module-text.ts';

/** The golden model's context width, and those of its self-attention. */
const WIDTHS = [24, 32, 64] as const;

export interface BiasParts {
  /** Factor and phase of each step. */
  readonly schedule?: readonly (readonly [factor: number, phase: number])[];
  /** Times the last value of the prompt's context. */
  readonly context?: number;
  /** Times the number of calls of `tincture_layers`. */
  readonly calls?: number;
  /** Traps in `tincture_layers` when the parameter is above. */
  readonly trapAbove?: number;
  /** Takes tensors: the first value of each, times its set's number plus one. */
  readonly tensors?: boolean;
  /** As many layers as the phase's number and one, which do what one does. */
  readonly deep?: boolean;
}

const DESCRIPTION = JSON.stringify({
  parameters: [{ name: 'amount', default: 0.25, minimum: 0, maximum: 2 }],
});

/** amount + phase / 4 + context · last value + calls · number of calls + what the tensors say. */
export function biasPlugin(parts: BiasParts = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { schedule, context, calls = 0, trapAbove = 100, tensors, deep } = parts;
  return compileText(
    moduleText({
      memory: '16 16',
      alloc: '(i32.const 524288)',
      tincture_describe: '(i32.const 16)',
      tincture_parameter: '(global.set $amount (local.get 1)) (i32.const 0)',
      tincture_phase: '(global.set $phase (local.get 0)) (i32.const 0)',
      ...(schedule !== undefined && { tincture_schedule: scheduleBody(schedule) }),
      ...(context !== undefined && {
        tincture_context: `(global.set $seen (f32.mul (f32.const ${context}) (f32.load (i32.add (local.get 2)
          (i32.shl (i32.sub (i32.mul (local.get 0) (local.get 1)) (i32.const 1)) (i32.const 2)))))) (i32.const 0)`,
      }),
      ...(tensors === true && {
        // One axis and a name of at most 16 bytes: the values begin at byte 64.
        tincture_tensor: `(global.set $given (f32.add (global.get $given) (f32.mul (f32.load offset=64 (local.get 1))
          (f32.convert_i32_s (i32.add (local.get 0) (i32.const 1)))))) (i32.const 0)`,
      }),
      tincture_layers: `(local $at i32) (local $end i32) (local $value f32)
        (if (f32.gt (global.get $amount) (f32.const ${trapAbove})) (then (unreachable)))
        (global.set $calls (f32.add (global.get $calls) (f32.const ${calls})))
        (local.set $at (i32.add (i32.const 65568) (i32.shl (i32.mul (local.get 0) (local.get 0)) (i32.const 2))))
        (local.set $end (i32.add (local.get $at) (i32.shl (local.get 0) (i32.const 2))))
        (memory.fill (i32.const 65536) (i32.const 0) (i32.sub (local.get $end) (i32.const 65536)))
        (i32.store (i32.const 65536) (i32.const 1))
        (i32.store (i32.const 65544) (local.get 0))
        (i32.store (i32.const 65548) (local.get 0))
        (local.set $value (f32.add (f32.add (f32.add (global.get $amount) (global.get $seen))
          (f32.add (global.get $calls) (global.get $given)))
          (f32.mul (f32.const 0.25) (f32.convert_i32_s (global.get $phase)))))
        (if (i32.eqz (local.get 1)) (then (local.set $value (f32.const 0))))
        (loop $fill
          (f32.store (local.get $at) (local.get $value))
          (local.set $at (i32.add (local.get $at) (i32.const 4)))
          (br_if $fill (i32.lt_u (local.get $at) (local.get $end))))
        (local.set $at (i32.const 1024))
        (i32.store (local.get 2) (local.get $at))
        (i32.store offset=4 (local.get 2) (i32.add (i32.const 1) ${deep === true ? '(global.get $phase)' : '(i32.const 0)'}))
        (loop $entry
          (i32.store (local.get $at) (i32.const 65536))
          (i32.store offset=4 (local.get $at) (i32.sub (local.get $end) (i32.const 65536)))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $entry (i32.le_u (local.get $at) (i32.add (i32.const 1024) (i32.shl (global.get $phase) (i32.const 3))))))
        (i32.const 0)`,
      more: `(data (i32.const 16) "${words(DESCRIPTION)}")
        (global $amount (mut f32) (f32.const 0)) (global $phase (mut i32) (i32.const 0))
        (global $seen (mut f32) (f32.const 0)) (global $calls (mut f32) (f32.const 0))
        (global $given (mut f32) (f32.const 0))`,
    }),
  );
}

function scheduleBody(schedule: readonly (readonly [number, number])[]): string {
  const stores = schedule.map(
    ([factor, phase], step) =>
      `(f32.store offset=${8 * step} (local.get 1) (f32.const ${factor}))
       (i32.store offset=${8 * step + 4} (local.get 1) (i32.const ${phase}))`,
  );
  return `(if (i32.ne (local.get 0) (i32.const ${schedule.length})) (then (return (i32.const 1))))
    ${stores.join('\n')} (i32.const 0)`;
}

/** Words as a data segment: their length, then their bytes. */
function words(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const length = new Uint8Array(Uint32Array.of(bytes.length).buffer);
  return [...length, ...bytes].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
}

/** The same as data: zero weights, and the number as the values' bias. */
export async function biasData(
  value: number,
  widths: readonly number[] = WIDTHS,
): Promise<{ readonly name: string; readonly file: ByteSource }> {
  const known = await readHypernetwork(
    bytesSource('style-a.pt', await readFile('tests/golden/sd-tiny/style-a.pt')),
  );
  const linear = (width: number, bias: number): LayerPair['k'] => [
    {
      kind: 'linear',
      weight: tensor([width, width], new Float32Array(width * width)),
      bias: tensor([width], new Float32Array(width).fill(bias)),
    },
  ];
  const hypernetwork: Hypernetwork = {
    description: {
      ...known.description,
      name: 'bias',
      layerStructure: [1, 1],
      activation: 'linear',
      layerNorm: false,
      activateOutput: false,
    },
    widths: new Map(widths.map((width) => [width, { k: linear(width, 0), v: linear(width, value) }])),
  };
  return {
    name: 'bias.safetensors',
    file: bytesSource('bias.safetensors', writeHypernetworkSafetensors(hypernetwork)),
  };
}

const CARD: StyleCard = {
  name: 'tones',
  version: '1.0.0',
  title: 'Tones',
  description: '',
  author: 'Someone',
  licence: 'CC0-1.0',
  tags: [],
  triggerWords: [],
  base: { architecture: 'stable-diffusion-v1', contextWidth: 24 },
  layers: null,
  parameters: [],
};

export interface Packing {
  readonly weights?: readonly Uint8Array[];
  /** Digest in the card's section; by default the right one. */
  readonly cardDigest?: string;
}

/** A style file in hand with this module. */
export function packed(wasm: Uint8Array, { weights = [], ...packing }: Packing = {}): StyleSource {
  const module = withCardSection(wasm, packing.cardDigest ?? cardDigest(CARD));
  const named = (bytes: Uint8Array) => ({ sha256: digestOfBytes(bytes), size: bytes.length });
  const [first, ...more] = weights;
  const manifest: StyleManifest = {
    ...CARD,
    blobs: {
      weights: first === undefined ? null : named(first),
      ...(more.length > 0 && { moreWeights: more.map(named) }),
      plugin: named(module),
      previews: [],
    },
  };
  const blobs = new Map([module, ...weights].map((bytes) => [digestOfBytes(bytes), bytes]));
  return { name: 'tones.style', file: new Blob([writeStyleFile(manifest, blobs)]) };
}
