// What this style promises. `npm run -s tincture -- test` builds it, runs these tests, and then the kit's own checks.
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

test('the default model’s self-attention has its layers, other widths are left alone', async () => {
  for (const width of [64, 128]) {
    const { k, v } = (await style.layers(width))!;
    assert.ok(k.length > 0 && k.length === v.length);
  }
  assert.equal(await style.layers(31), undefined);
});
