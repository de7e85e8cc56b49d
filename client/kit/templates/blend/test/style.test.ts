// What this style promises. `tincture test` builds it, runs these tests, and then the kit's own checks.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { distance, openStyle, promptContext } from 'tincture/testing';

const style = await openStyle();
after(() => style.close());
const apple = await promptContext('red apple');

test('strength 0 changes nothing, and more of it changes more', async () => {
  assert.equal(distance(apple, await style.apply(apple, 0)), 0);
  const half = distance(apple, await style.apply(apple, 0.5));
  const whole = distance(apple, await style.apply(apple, 1));
  assert.ok(half > 0);
  assert.ok(Math.abs(whole - 2 * half) < 1e-4 * whole);
});

test('half of both lies in the middle of the two', async () => {
  const at = async (mix: number) => {
    await style.set({ mix });
    return style.apply(apple);
  };
  const [first, middle, second] = [await at(0), await at(0.5), await at(1)];
  const expected = first.k.map((value, i) => (value + second.k[i]!) / 2);
  const error = Math.max(...expected.map((value, i) => Math.abs(value - middle.k[i]!)));
  assert.ok(error < 1e-4, `the largest error is ${error}`);
});
