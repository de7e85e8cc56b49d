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

test('the slider leaves one side alone at its ends', async () => {
  await style.set({ balance: -1 });
  const keys = await style.apply(apple);
  assert.deepEqual(keys.v, apple.v);
  assert.notDeepEqual(keys.k, apple.k);
  await style.set({ balance: 1 });
  const values = await style.apply(apple);
  assert.deepEqual(values.k, apple.k);
  assert.notDeepEqual(values.v, apple.v);
});
