// A hypernetwork file's plain keys, by the reference's names, read with the reference's defaults and written back.
import { HypernetworkError } from './errors.ts';
import type { HypernetworkDescription } from './hypernetwork.ts';

/** A plain value that survives JSON. */
export type PlainValue = null | boolean | number | string | readonly PlainValue[];
/** The file's plain keys. */
export type PlainKeys = Readonly<Record<string, PlainValue>>;

/** The keys that the reference writes, in its order. */
export const REFERENCE_KEYS = [
  'step', 'name', 'layer_structure', 'activation_func', 'is_layer_norm', 'weight_initialization', 'sd_checkpoint',
  'sd_checkpoint_name', 'activate_output', 'use_dropout', 'dropout_structure', 'last_layer_dropout', 'optional_info',
] as const; // biome-ignore format: a table

/** Real files have 3 to 7 entries; more would only cost those who draw them. */
const MAX_STRUCTURE = 64;
const DEFAULT_STRUCTURE = [1, 2, 1];
/** The reference's rate where a file says only that it used dropout. */
const DEFAULT_DROPOUT = 0.3;

/**
 * Reads the keys. `stem` is the file's name without its ending, the name of a file that has none. Throws
 * `hypernetwork/invalid` for a key of another type than the reference writes.
 */
export function readDescription(keys: PlainKeys, stem: string, where: string): HypernetworkDescription {
  const read = new KeyReader(keys, where);
  const layerStructure = read.numbers('layer_structure') ?? DEFAULT_STRUCTURE;
  if (layerStructure.length < 2 || layerStructure.length > MAX_STRUCTURE) {
    throw read.wrong('layer_structure', `2 to ${MAX_STRUCTURE} widths`);
  }
  if (
    layerStructure[0] !== 1 ||
    layerStructure.at(-1) !== 1 ||
    layerStructure.some((width) => !(width > 0))
  ) {
    throw read.wrong('layer_structure', 'positive multiples that begin and end with 1');
  }
  const lastLayerDropout = read.boolean('last_layer_dropout') ?? false;
  const saysDropout = read.boolean('use_dropout') ?? false;
  const dropoutStructure =
    read.numbers('dropout_structure') ?? defaultDropout(layerStructure.length, saysDropout, lastLayerDropout);
  if (dropoutStructure.length < layerStructure.length) {
    throw read.wrong('dropout_structure', `${layerStructure.length} rates`);
  }
  return {
    name: read.text('name') ?? stem,
    step: read.number('step') ?? null,
    layerStructure,
    activation: (read.text('activation_func') ?? 'linear').toLowerCase(),
    layerNorm: read.boolean('is_layer_norm') ?? false,
    // Files written before the key existed activate their last layer.
    activateOutput: read.boolean('activate_output') ?? true,
    useDropout: saysDropout || dropoutStructure.some((rate) => rate !== 0),
    dropoutStructure,
    lastLayerDropout,
    weightInitialization: read.text('weight_initialization') ?? null,
    checkpointHash: read.text('sd_checkpoint') ?? null,
    checkpointName: read.text('sd_checkpoint_name') ?? null,
    optionalInfo: read.text('optional_info') ?? null,
  };
}

/** The keys of a description, all of them, in the reference's order. */
export function writeDescription(
  description: HypernetworkDescription,
): Record<(typeof REFERENCE_KEYS)[number], PlainValue> {
  return {
    // The reference reads a missing step as 0.
    step: description.step ?? 0,
    name: description.name,
    layer_structure: description.layerStructure,
    activation_func: description.activation,
    is_layer_norm: description.layerNorm,
    weight_initialization: description.weightInitialization,
    sd_checkpoint: description.checkpointHash,
    sd_checkpoint_name: description.checkpointName,
    activate_output: description.activateOutput,
    use_dropout: description.useDropout,
    dropout_structure: description.dropoutStructure,
    last_layer_dropout: description.lastLayerDropout,
    optional_info: description.optionalInfo,
  };
}

/** `[0] + [0.3]·(n − 3) + [0.3 if the last layer has dropout, else 0] + [0]`. */
function defaultDropout(length: number, used: boolean, last: boolean): number[] {
  if (!used) return new Array<number>(length).fill(0);
  const inner = new Array<number>(Math.max(length - 3, 0)).fill(DEFAULT_DROPOUT);
  return [0, ...inner, last ? DEFAULT_DROPOUT : 0, 0];
}

/** Reads keys by type; a missing key and None are undefined. */
class KeyReader {
  readonly #keys: PlainKeys;
  readonly #where: string;

  constructor(keys: PlainKeys, where: string) {
    this.#keys = keys;
    this.#where = where;
  }

  number(key: string): number | undefined {
    const value = this.#get(key);
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw this.wrong(key, 'a number');
  }

  text(key: string): string | undefined {
    const value = this.#get(key);
    if (value === undefined || typeof value === 'string') return value;
    throw this.wrong(key, 'a text');
  }

  boolean(key: string): boolean | undefined {
    const value = this.#get(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.wrong(key, 'true or false');
  }

  numbers(key: string): readonly number[] | undefined {
    const value = this.#get(key);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'number' && Number.isFinite(item)))
      return value;
    throw this.wrong(key, 'a list of numbers');
  }

  wrong(key: string, expected: string): HypernetworkError {
    const found = JSON.stringify(this.#keys[key] ?? null).slice(0, 100);
    return new HypernetworkError('invalid', `the key ${key} is wrong`, {
      where: this.#where,
      expected,
      found,
    });
  }

  #get(key: string): Exclude<PlainValue, null> | undefined {
    return (Object.hasOwn(this.#keys, key) ? this.#keys[key] : undefined) ?? undefined;
  }
}
