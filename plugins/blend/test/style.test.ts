// What this style promises. `npm run -s tincture -- test` builds it, runs these tests, and then the kit's own checks.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { distance, openStyle, promptContext } from 'tincture/testing';

const style = await openStyle();
after(() => style.close());
const apple = await promptContext('red apple');

const mixed = async (mix: number) => {
  await style.set({ mix });
  return style.apply(apple);
};

test('half of both lies in the middle of the two, which are apart', async () => {
  const [first, middle, second] = [await mixed(0), await mixed(0.5), await mixed(1)];
  assert.ok(distance(first, second) > 0.1 * distance(apple, first));
  const expected = first.k.map((value, i) => (value + second.k[i]!) / 2);
  const error = Math.max(...expected.map((value, i) => Math.abs(value - middle.k[i]!)));
  assert.ok(error < 1e-4, `the largest error is ${error}`);
});
