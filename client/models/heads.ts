// How attention's width is split into heads: into a number of them (1.x), or into heads of one width (2.x).
import { ModelError } from './errors.ts';

export type Heads = { readonly count: number } | { readonly width: number };

/** How many heads an attention of `channels` has. Throws `model/manifest` when they do not divide it. */
export function headsAt(heads: Heads, channels: number): number {
  if ('count' in heads) return heads.count;
  if (channels % heads.width === 0) return channels / heads.width;
  throw new ModelError('manifest', 'the width of heads does not divide an attention of the model', {
    where: 'model.json',
    expected: `a divisor of ${channels}`,
    found: String(heads.width),
  });
}
