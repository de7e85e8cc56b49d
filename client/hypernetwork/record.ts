// A hypernetwork as its file stores it: description and tensors with their own element types, by canonical names.
import type { StoredTensor } from '../formats/entry.ts';
import { type DType, type Tensor, tensor } from '../tensor/tensor.ts';
import { widenToFloat32 } from '../tensor/widen.ts';
import type { PlainKeys } from './description.ts';
import { HypernetworkError } from './errors.ts';
import type { Hypernetwork, HypernetworkDescription, Layer, LayerPair, LayerStack } from './hypernetwork.ts';
import { planSlots, type Slot } from './slots.ts';

/** The two networks of a width, in the file's order. */
export const SIDES = ['k', 'v'] as const;
export type Side = (typeof SIDES)[number];

/** What conversion between containers keeps: everything, bit by bit. */
export interface HypernetworkRecord {
  readonly description: HypernetworkDescription;
  /** Plain keys that the reference does not know. */
  readonly extra: PlainKeys;
  /** Keys that are left out, because they hold neither a network nor a plain value. */
  readonly ignored: readonly string[];
  /** Context widths in the file's order. */
  readonly widths: readonly number[];
  /** By `parameterName`. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** `768.k.linear.0.weight`: width, side, slot, parameter. */
export function parameterName(width: number, side: Side, slot: number, parameter: string): string {
  return `${width}.${side}.linear.${slot}.${parameter}`;
}

/** The width of a `parameterName`. */
export function widthOfParameter(name: string): number {
  return Number(name.slice(0, name.indexOf('.')));
}

/**
 * Widens a record to the network that computes. Throws `hypernetwork/invalid` when tensors are missing, left over or
 * of another shape than the description says, and `hypernetwork/non-finite` with the tensor's name.
 */
export function hypernetworkOf(record: HypernetworkRecord, where: string): Hypernetwork {
  const place = `${where}, style ${record.description.name}`;
  const unused = new Set(record.tensors.keys());
  const widths = new Map<number, LayerPair>();
  for (const width of record.widths) {
    const slots = planSlots(record.description, width, place);
    const build = (side: Side): LayerStack =>
      slots.map((slot) => {
        const parameters: Record<string, Tensor> = {};
        for (const [parameter, shape] of Object.entries(slot.parameters)) {
          const name = parameterName(width, side, slot.slot, parameter);
          unused.delete(name);
          parameters[parameter] = readParameter(record, name, shape, place);
        }
        return makeLayer(slot, parameters);
      });
    widths.set(width, { k: build('k'), v: build('v') });
  }
  const [left] = unused;
  if (left !== undefined) {
    throw new HypernetworkError('invalid', 'the file holds a tensor that its description has no place for', {
      where: place,
      expected: describeStructure(record.description),
      found: left,
    });
  }
  return { description: record.description, widths };
}

/** What trainers save weights as. */
const FLOATS: ReadonlySet<DType> = new Set<DType>(['F64', 'F32', 'F16', 'BF16']);

function readParameter(
  record: HypernetworkRecord,
  name: string,
  shape: readonly number[],
  where: string,
): Tensor {
  const stored = record.tensors.get(name);
  if (stored === undefined || stored.shape.join() !== shape.join()) {
    throw new HypernetworkError(
      'invalid',
      stored === undefined ? 'a tensor is missing' : 'a tensor has the wrong shape',
      {
        where: `${where}, tensor ${name}`,
        expected: `[${shape.join(', ')}] for ${describeStructure(record.description)}`,
        found: stored === undefined ? 'nothing' : `[${stored.shape.join(', ')}]`,
      },
    );
  }
  if (!FLOATS.has(stored.dtype)) {
    throw new HypernetworkError('invalid', 'a weight is no floating-point tensor', {
      where: `${where}, tensor ${name}`,
      expected: [...FLOATS].join(', '),
      found: stored.dtype,
    });
  }
  const data = widenToFloat32(stored.dtype, stored.bytes);
  const broken = data.findIndex((value) => !Number.isFinite(value));
  if (broken < 0) return tensor(shape, data);
  throw new HypernetworkError(
    'non-finite',
    'a weight is not a finite number, so the style would draw nothing',
    {
      where: `${where}, tensor ${name}, element ${broken}`,
      expected: 'finite weights',
      found: String(data[broken]),
      fix: 'Its training went wrong; use an earlier save of the style.',
    },
  );
}

function makeLayer({ kind, activation }: Slot, { weight, bias }: Record<string, Tensor>): Layer {
  if (kind === 'activation') {
    return { kind, activation: activation!, ...(weight === undefined ? {} : { slope: weight }) };
  }
  return { kind, weight: weight!, bias: bias! };
}

function describeStructure(description: HypernetworkDescription): string {
  const { layerStructure, activation, layerNorm, dropoutStructure } = description;
  const norm = layerNorm ? ', layer norm' : '';
  return `layers [${layerStructure.join(', ')}], ${activation}${norm}, dropout [${dropoutStructure.join(', ')}]`;
}

/** The record of a network in memory: float32, with the slots that its description gives. */
export function recordOf(hypernetwork: Hypernetwork): HypernetworkRecord {
  const { description } = hypernetwork;
  const tensors = new Map<string, StoredTensor>();
  for (const [width, pair] of hypernetwork.widths) {
    const slots = planSlots(description, width, `style ${description.name}`);
    for (const side of SIDES) {
      if (slots.length !== pair[side].length) {
        throw new HypernetworkError('invalid', 'the layers are not those of the description', {
          where: `style ${description.name}, width ${width}`,
          expected: `${slots.length} layers`,
          found: `${pair[side].length}`,
        });
      }
      for (const [i, { slot }] of slots.entries()) {
        for (const [parameter, value] of layerParameters(pair[side][i]!)) {
          const bytes = new Uint8Array(new Float32Array(value.data).buffer);
          tensors.set(parameterName(width, side, slot, parameter), {
            dtype: 'F32',
            shape: value.shape,
            bytes,
          });
        }
      }
    }
  }
  return { description, extra: {}, ignored: [], widths: [...hypernetwork.widths.keys()], tensors };
}

/** A layer's parameters by their names in the state dict. */
export function layerParameters(layer: Layer): [string, Tensor][] {
  if (layer.kind === 'activation') return layer.slope === undefined ? [] : [['weight', layer.slope]];
  return [
    ['weight', layer.weight],
    ['bias', layer.bias],
  ];
}
