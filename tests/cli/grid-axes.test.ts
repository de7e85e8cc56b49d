// The axes of grids: what they may say, and what they make of a request.
import { describe, expect, test } from 'vitest';
import { parseAxis } from '../../client/cli/grid-axes.ts';
import type { GenerateRequest } from '../../client/engine/engine.ts';
import { cellsOf, checkAxes, drawingOrder } from '../../client/kit/grid-axes.ts';

const base: GenerateRequest = {
  prompt: 'a cat',
  seed: 7n,
  styles: [
    { style: 'folder/a.pt', strength: 0.8, parameters: { curve: 1 } },
    { style: 'b', strength: 0.5 },
  ],
};
const axis = (text: string, request = base) => parseAxis('--x', text, request);
const cells = (x: string, y: string | undefined, request = base) => {
  const axes = [axis(x, request), y === undefined ? undefined : parseAxis('--y', y, request)] as const;
  checkAxes(...axes, request);
  return cellsOf(request, ...axes);
};

describe('cells', () => {
  test('a column for each value of x, a row for each of y', () => {
    const made = cells('seed=1, 18446744073709551615', 'steps=2,3,4');
    expect(made.map(({ row, column, request: { seed, steps } }) => [row, column, seed, steps])).toEqual([
      [0, 0, 1n, 2], [0, 1, 2n ** 64n - 1n, 2], [1, 0, 1n, 3], [1, 1, 2n ** 64n - 1n, 3], [2, 0, 1n, 4],
      [2, 1, 2n ** 64n - 1n, 4],
    ]); // biome-ignore format: pairs
    expect(drawingOrder(made).map(({ row, column }) => `${row}${column}`)).toEqual([
      '00', '01', '10', '20', '11', '21',
    ]); // biome-ignore format: pairs
    expect(made[5]!.request).toMatchObject({ prompt: 'a cat', styles: base.styles });
  });

  test('one axis makes one row', () => {
    const made = cells('sampler=DDIM,Euler a', undefined);
    expect(made.map(({ row, request }) => [row, request.sampler])).toEqual([
      [0, 'DDIM'],
      [0, 'Euler a'],
    ]);
  });

  test('a strength is of the first style, or of the named one, and keeps the rest', () => {
    const [first] = cells('strength=-1.5', undefined);
    expect(first!.request.styles).toEqual([{ ...base.styles![0], strength: -1.5 }, base.styles![1]]);
    const [both] = cells('strength:b=2', 'strength:a=3');
    expect(both!.request.styles!.map(({ strength }) => strength)).toEqual([3, 2]);
  });

  test('a style of an axis comes first and takes the strengths of the other axis, whichever is x', () => {
    for (const [x, y] of [['strength=2', 'style=none,dir/c.style:0.3'], ['style=none,dir/c.style:0.3', 'strength=2']] as const) {
      const [none, some] = cells(x, y);
      expect(none!.request.styles!.map(({ style, strength }) => [style, strength])).toEqual([['folder/a.pt', 2], ['b', 0.5]]);
      expect(some!.request.styles!.map(({ style, strength }) => [style, strength])).toEqual([['dir/c.style', 2], ['folder/a.pt', 0.8], ['b', 0.5]]);
    } // biome-ignore format: rows
    const [named] = cells('style=c', 'strength:a=2');
    expect(named!.request.styles!.map(({ strength }) => strength)).toEqual([1, 2, 0.5]);
    expect(axis('style=dir/c.style:1:k=0').values[0]).toMatchObject({ label: 'c:1:k=0' });
    expect(axis('style=none,dir/c.style:0.3,d').values.map(({ label }) => label)).toEqual([
      'none',
      'c:0.3',
      'd',
    ]);
  });
});

test.each<[string, RegExp]>([
  ['colour=1', /--x must be AXIS=V1.*"colour=1"/],
  ['seed', /"seed"/],
  ['seed:a=1', /"seed:a=1"/],
  ['seed=1,,2', /--x seed, value 2: it is empty/],
  ['seed=1,-1', /--x seed, value 2: no such seed; expected a whole number from 0 to 2\^64-1, found "-1"/],
  ['steps=5,2.5', /--x steps, value 2:.* expected a whole number, found 2\.5/],
  ['steps=5,1001', /--x steps, value 2:.* expected a number from 1 to 1000, found "1001"/],
  ['guidance=x', /--x guidance, value 1.*"x"/],
  ['strength=0,101', /--x strength, value 2:.* expected a number from -100 to 100/],
  ['strength=1,1.0', /--x strength, value 2: 1\.0 is the same as 1/],
  ['strength:z=1', /--x strength:z: no style of --style/],
  ['style=a:', /"a:" is no style/],
  ['sampler=DDIM,Eular', /--x sampler, value 2: no such sampler.*Eular/s],
  ['sampler=Euler a,euler_ancestral', /value 2: euler_ancestral is the same as Euler a/],
  [
    `seed=${Array.from({ length: 101 }, (_, i) => i)}`,
    /--x seed: the axis has no values, or too many; expected 1 … 100 values, found 101/,
  ],
])('%s is refused', (text, message) => {
  expect(() => axis(text)).toThrow(message);
});

test('a sampler must run on the schedule of all', () => {
  expect(() => axis('sampler=Euler,DDIM', { ...base, schedule: 'Karras' })).toThrow(
    /value 2: DDIM has evenly/,
  );
});

test.each<[string, string | undefined, GenerateRequest, RegExp]>([
  ['seed=1', 'seed=2', base, /both change the seed/],
  ['strength=1', 'strength:a=2', base, /both change the strength/],
  [
    'strength=1',
    undefined,
    { prompt: 'a' },
    /the axis strength: there is no style; expected a style that all pictures have/,
  ],
  [
    'seed=1',
    undefined,
    { ...base, noise: { shape: [1], data: new Float32Array(1) } },
    /the axis seed: it changes nothing/,
  ],
  [
    'seed=1,2,3,4,5,6,7,8,9,10,11',
    'steps=1,2,3,4,5,6,7,8,9,10',
    base,
    /at most 100 pictures, found 110 pictures \(11 × 10\)/,
  ],
])('%s by %s does not go together', (x, y, request, message) => {
  expect(() => cells(x, y, request)).toThrow(message);
});
