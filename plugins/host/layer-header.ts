// Reads layer blocks as plugins/ABI.md lays them out: what a header says, and whether a stack of blocks holds together.
import { ABI_ACTIVATIONS, LAYER_HEADER_BYTES, LAYER_KIND, LAYER_VALUES } from '../contract/abi.ts';
import { MAX_LAYERS, MAX_WIDTH } from '../contract/limits.ts';
import { PluginError, type PluginErrorKind } from '../contract/plugin-error.ts';

/** One block's header. Counts are of values, `bytes` is the width of one. */
export type LayerHeader = { readonly bytes: 2 | 4 } & (
  | { readonly kind: 'linear'; readonly inputs: number; readonly outputs: number }
  | {
      readonly kind: 'activation';
      readonly activation: (typeof ABI_ACTIVATIONS)[number];
      readonly slopes: number;
    }
  | { readonly kind: 'layer-norm'; readonly width: number }
);

/** Who gave the blocks: the kind of error that a bad one is. */
type Blame = Extract<PluginErrorKind, 'input' | 'invalid'>;

/**
 * Reads and checks the headers of a stack for contexts of `width`: kinds, codes, lengths as the headers imply, and widths that
 * follow each other from `width` to `width`. Throws `plugin/input` or `plugin/invalid`, as `blame` says. Values are not looked at.
 */
export function readHeaders(
  where: string,
  width: number,
  blocks: readonly Uint8Array[],
  blame: Blame,
): LayerHeader[] {
  if (blocks.length === 0 || blocks.length > MAX_LAYERS) {
    throw new PluginError(blame, 'a stack has too few or too many layers', {
      where,
      expected: `1 to ${MAX_LAYERS}`,
      found: String(blocks.length),
    });
  }
  let current = width;
  const headers = blocks.map((block, index) => {
    const header = readHeader(`${where}, layer ${index}`, current, block, blame);
    if (header.kind === 'linear') current = header.outputs;
    return header;
  });
  if (current !== width) {
    throw new PluginError(blame, 'the last layer does not give back the width', {
      where,
      expected: String(width),
      found: String(current),
    });
  }
  return headers;
}

/** Whether all values of a checked block are finite. Blocks begin at multiples of 4 in their buffers. */
export function isFiniteBlock({ bytes }: LayerHeader, block: Uint8Array): boolean {
  const at = block.byteOffset + LAYER_HEADER_BYTES;
  const count = (block.length - LAYER_HEADER_BYTES) / bytes;
  if (bytes === 4) return allFinite(new Float32Array(block.buffer, at, count));
  // Infinity and NaN are the halves whose exponent bits are all set.
  for (const half of new Uint16Array(block.buffer, at, count)) if ((half & 0x7c00) === 0x7c00) return false;
  return true;
}

/**
 * A sum of float32 values in double precision is finite where all of them are. Four sums by index: an iterator, and one sum that
 * waits for itself, take several times as long.
 */
export function allFinite(values: Float32Array): boolean {
  const whole = values.length & ~3;
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += values[i]!;
    b += values[i + 1]!;
    c += values[i + 2]!;
    d += values[i + 3]!;
  }
  for (let i = whole; i < values.length; i++) a += values[i]!;
  return Number.isFinite(a + b + c + d);
}

function readHeader(where: string, width: number, block: Uint8Array, blame: Blame): LayerHeader {
  const refused = (what: string, expected: string | number, found: string | number): PluginError =>
    new PluginError(blame, what, { where, expected: String(expected), found: String(found) });
  if (block.length < LAYER_HEADER_BYTES) {
    throw refused('a block is shorter than its header', `${LAYER_HEADER_BYTES} bytes`, block.length);
  }
  const data = new DataView(block.buffer, block.byteOffset, LAYER_HEADER_BYTES);
  const [kind, values, second, third, fourth, ...rest] = Array.from({ length: 8 }, (_, i) =>
    data.getUint32(4 * i, true),
  ) as [number, number, number, number, number, ...number[]];
  if (values !== LAYER_VALUES.float32 && values !== LAYER_VALUES.float16) {
    throw refused('an unknown type of values', '0 or 1', values);
  }
  const bytes = values === LAYER_VALUES.float16 ? 2 : 4;
  const checkLength = (count: number): void => {
    const length = LAYER_HEADER_BYTES + bytes * count;
    if (block.length !== length) {
      throw refused('a block is not as long as its header implies', `${length} bytes`, block.length);
    }
  };
  if (rest.some((word) => word !== 0)) throw refused('words 5 to 7 of the header', '0, 0, 0', rest.join());

  if (kind === LAYER_KIND.linear) {
    if (second !== width) throw refused('a layer does not fit the one before', `${width} inputs`, second);
    if (third < 1 || third > MAX_WIDTH) throw refused('an impossible width', `1 to ${MAX_WIDTH}`, third);
    if (fourth !== 0) throw refused('word 4 of the header', 0, fourth);
    checkLength(second * third + third);
    return { kind: 'linear', bytes, inputs: second, outputs: third };
  }
  if (kind === LAYER_KIND['layer-norm']) {
    if (second !== width) throw refused('a layer does not fit the one before', `width ${width}`, second);
    if (third !== 0 || fourth !== 0)
      throw refused('words 3 and 4 of the header', '0, 0', `${third}, ${fourth}`);
    checkLength(2 * width);
    return { kind: 'layer-norm', bytes, width };
  }
  if (kind !== LAYER_KIND.activation) throw refused('an unknown kind of layer', '1, 2 or 3', kind);
  const activation = ABI_ACTIVATIONS[fourth];
  if (activation === undefined) {
    throw refused('an unknown activation', `a code below ${ABI_ACTIVATIONS.length}`, fourth);
  }
  const fits = activation === 'prelu' ? second === 1 || second === width : second === 0;
  if (!fits) throw refused(`slopes of ${activation}`, activation === 'prelu' ? `1 or ${width}` : 0, second);
  if (third !== 0) throw refused('word 3 of the header', 0, third);
  checkLength(second);
  return { kind: 'activation', bytes, activation, slopes: second };
}
