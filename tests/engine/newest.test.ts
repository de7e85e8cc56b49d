// What is kept within a number of bytes.
import { expect, it } from 'vitest';
import { Newest } from '../../client/engine/newest.ts';

it('forgets the oldest beyond its bytes, and keeps the newest whatever its size', () => {
  const newest = new Newest<number>(10, (bytes) => bytes);
  newest.add('a', 4);
  newest.add('b', 5);
  newest.add('c', 6);
  expect(['a', 'b', 'c'].map((key) => newest.get(key))).toEqual([undefined, undefined, 6]);
  newest.add('d', 4);
  expect([newest.get('c'), newest.get('d')]).toEqual([6, 4]);
  newest.add('e', 99);
  expect(['c', 'd', 'e'].map((key) => newest.get(key))).toEqual([undefined, undefined, 99]);
});
