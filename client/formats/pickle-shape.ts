// The shape that a read pickle may have: no cycles, not too deep, and not too large when shared parts are counted.
import { FormatError } from './errors.ts';
import type { PickleValue } from './pickle-value.ts';

/** A hypernetwork nests four containers, an optimizer's state seven; deeper values break whoever walks them. */
export const MAX_DEPTH = 64;
/** Values seen by a walk that follows every reference. Sharing doubles this with every level (the billion laughs). */
export const MAX_VALUES = 2 ** 22;

interface Extent {
  readonly depth: number;
  readonly values: number;
}

const LEAF: Extent = { depth: 0, values: 1 };

/**
 * Walks each container once, without recursion. Throws `format/invalid` for a value that contains itself,
 * `format/too-large` above `MAX_DEPTH` or `MAX_VALUES`.
 */
export function checkShape(root: PickleValue, where: string): void {
  const extents = new Map<object, Extent>();
  const open = new Set<object>();
  const pending: { value: PickleValue; leaving: boolean }[] = [{ value: root, leaving: false }];
  for (let visit = pending.pop(); visit !== undefined; visit = pending.pop()) {
    const { value, leaving } = visit;
    const children = childrenOf(value);
    if (children === undefined) continue;
    const container = value as object;
    if (leaving) {
      open.delete(container);
      extents.set(container, extentOf(children, extents, where));
    } else if (open.has(container)) {
      throw new FormatError('invalid', 'the pickle holds a value that contains itself', { where });
    } else if (!extents.has(container)) {
      open.add(container);
      pending.push({ value, leaving: true });
      for (const child of children) pending.push({ value: child, leaving: false });
    }
  }
}

function extentOf(
  children: readonly PickleValue[],
  extents: ReadonlyMap<object, Extent>,
  where: string,
): Extent {
  let depth = 1;
  let values = 1;
  for (const child of children) {
    const extent = extents.get(child as object) ?? LEAF;
    depth = Math.max(depth, extent.depth + 1);
    values += extent.values;
  }
  if (depth > MAX_DEPTH)
    throw new FormatError('too-large', `the pickle nests deeper than ${MAX_DEPTH}`, { where });
  if (values > MAX_VALUES) {
    throw new FormatError('too-large', `the pickle unfolds to more than ${MAX_VALUES} values`, { where });
  }
  return { depth, values };
}

function childrenOf(value: PickleValue): PickleValue[] | undefined {
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return undefined;
}
