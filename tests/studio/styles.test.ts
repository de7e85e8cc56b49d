// Styles in use: taken once, ordered, strengthened; and what a tag's name means.
import { describe, expect, it } from 'vitest';
import type { ShelfStyle } from '../../client/studio/state/styles.ts';
import {
  adjust,
  hatchOf,
  move,
  putBack,
  STRENGTH,
  shelve,
  stepOf,
  strengthen,
  strengthText,
  styleNamed,
  take,
} from '../../client/studio/state/styles.ts';

const style = (name: string, origin: 'registry' | 'file' = 'registry'): ShelfStyle => ({
  id: `${origin}:${name}`,
  name,
  title: name,
  description: '',
  origin,
  triggerWords: [],
  strength: STRENGTH,
});
const inUse = (...names: string[]) => names.map((name) => ({ id: `registry:${name}`, strength: 1 }));
const order = (styles: readonly { id: string }[]) => styles.map(({ id }) => id.split(':')[1]).join('');

describe('the order of styles', () => {
  it('a style is taken once, last, at its own strength', () => {
    const gentle = { ...style('b'), strength: { min: 0, max: 1, initial: 0.4 } };
    const taken = take(inUse('a'), gentle);
    expect(taken.at(-1)).toEqual({ id: 'registry:b', strength: 0.4 });
    expect(take(taken, gentle)).toBe(taken);
  });

  it('moves to any place, and past the ends to the ends', () => {
    expect(order(move(inUse('a', 'b', 'c'), 'registry:a', 2))).toBe('bca');
    expect(order(move(inUse('a', 'b', 'c'), 'registry:c', 0))).toBe('cab');
    expect(order(move(inUse('a', 'b', 'c'), 'registry:b', 99))).toBe('acb');
    expect(order(move(inUse('a', 'b', 'c'), 'registry:b', -5))).toBe('bac');
  });

  it('a move that changes nothing gives the same list', () => {
    const list = inUse('a', 'b');
    expect(move(list, 'registry:a', -1)).toBe(list);
    expect(move(list, 'registry:z', 0)).toBe(list);
  });

  it('puts back and strengthens by id, and refuses what is no number', () => {
    expect(order(putBack(inUse('a', 'b'), 'registry:a'))).toBe('b');
    expect(strengthen(inUse('a', 'b'), 'registry:b', -0.5)[1]!.strength).toBe(-0.5);
    const list = inUse('a');
    expect(strengthen(list, 'registry:a', Number.NaN)).toBe(list);
  });
});

describe('parameters', () => {
  const fade = {
    id: 'registry:fade',
    parameters: [{ name: 'curve', default: 1, minimum: 0.25, maximum: 4 }],
  };

  it('are held inside their range, and forgotten at their default', () => {
    const moved = adjust(inUse('fade', 'a'), fade, 'curve', 0);
    expect(moved).toEqual([
      { id: 'registry:fade', strength: 1, parameters: { curve: 0.25 } },
      { id: 'registry:a', strength: 1 },
    ]);
    expect(adjust(moved, fade, 'curve', 1)).toEqual(inUse('fade', 'a'));
  });

  it('unknown names and what is no number change nothing', () => {
    const list = inUse('fade');
    expect(adjust(list, fade, 'depth', 1)).toBe(list);
    expect(adjust(list, fade, 'curve', Number.NaN)).toBe(list);
  });

  it('a slider’s step is round and cuts the range into about a hundred', () => {
    expect(stepOf({ minimum: 0, maximum: 1 })).toBeCloseTo(0.01);
    expect(stepOf({ minimum: 0.25, maximum: 4 })).toBeCloseTo(0.05);
    expect(stepOf({ minimum: 0, maximum: 1000 })).toBe(10);
    expect(stepOf({ minimum: 2, maximum: 2 })).toBe(1);
  });
});

describe('the shelf', () => {
  it('replaces an entry of the same id in its place', () => {
    const shelf = shelve([style('a'), style('b')], [{ ...style('a'), title: 'A, newer' }, style('c')]);
    expect(shelf.map(({ title }) => title)).toEqual(['A, newer', 'b', 'c']);
  });

  it('a name means the dropped file before the registry’s style', () => {
    const shelf = [style('neon'), style('Neon', 'file')];
    expect(styleNamed(shelf, 'NEON')?.origin).toBe('file');
    expect(styleNamed(shelf.slice(0, 1), 'neon')?.origin).toBe('registry');
    expect(styleNamed(shelf, 'other')).toBeUndefined();
  });

  it('a name always has the same of six hatchings', () => {
    const names = ['blueprint', 'silhouette', 'neon', 'ink', 'wash', 'etching', 'gouache', 'lino'];
    expect(names.map(hatchOf)).toEqual(names.map(hatchOf));
    for (const name of names) expect([0, 1, 2, 3, 4, 5]).toContain(hatchOf(name));
    expect(new Set(names.map(hatchOf)).size).toBeGreaterThan(2);
  });
});

it('strengths read as people write them', () => {
  expect(strengthText(0.8)).toBe('0.8');
  expect(strengthText(-0.30000000000000004)).toBe('−0.3');
  expect(strengthText(1)).toBe('1');
});
