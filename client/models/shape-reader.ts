// Asks a checkpoint for sizes below one prefix, with bounds, so that no loop runs on a file's word.
import type { TensorFile } from '../formats/entry.ts';
import { ModelError } from './errors.ts';

/** No axis of a model is longer; beyond it a file is broken or hostile. */
const MAX_SIZE = 1_000_000;
/** Layers, levels and blocks in one list. */
const MAX_COUNT = 100;

/** Shapes of a checkpoint's tensors below `prefix`. */
export class ShapeReader {
  readonly prefix: string;
  readonly #file: TensorFile;
  readonly #names: readonly string[];

  constructor(file: TensorFile, prefix: string) {
    this.#file = file;
    this.prefix = prefix;
    this.#names = [...file.entries.keys()].filter((name) => name.startsWith(`${prefix}.`));
  }

  has(path: string): boolean {
    return this.#file.entries.has(`${this.prefix}.${path}`);
  }

  /** Whether any tensor lies below `path`. */
  hasBelow(path: string): boolean {
    return this.#names.some((name) => name.startsWith(`${this.prefix}.${path}.`));
  }

  /** Length of one axis of a tensor. Throws `model/missing-tensor`, or `model/shape` when it is out of range. */
  size(path: string, axis: number): number {
    const name = `${this.prefix}.${path}`;
    const entry = this.#file.entries.get(name);
    if (entry === undefined) {
      throw new ModelError('missing-tensor', `tensor ${name} is missing`, {
        where: this.#file.source.name,
        expected: name,
        fix: 'The file may be incomplete, or hold another kind of model.',
      });
    }
    const size = entry.shape[axis];
    if (size === undefined || size < 1 || size > MAX_SIZE) {
      throw new ModelError('shape', `tensor ${name} has an impossible shape`, {
        where: this.#file.source.name,
        expected: `axis ${axis} of 1 … ${MAX_SIZE}`,
        found: `[${entry.shape.join(', ')}]`,
      });
    }
    return size;
  }

  /** How many of `path.0`, `path.1`, … there are. */
  count(path: string): number {
    let count = 0;
    while (count <= MAX_COUNT && this.hasBelow(`${path}.${count}`)) count++;
    if (count > MAX_COUNT) {
      throw this.unsupported(`${path}.${MAX_COUNT}`, `more than ${MAX_COUNT} modules in one list`);
    }
    return count;
  }

  /** The error for a structure that Stable Diffusion does not have. */
  unsupported(path: string, what: string): ModelError {
    return new ModelError('unsupported', what, {
      where: this.#file.source.name,
      found: `${this.prefix}.${path}`,
      fix: 'Use a Stable Diffusion 1.x or 2.x checkpoint.',
    });
  }
}
