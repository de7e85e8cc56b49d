// What this style promises. `npm run -s tincture -- test` builds it, runs these tests, and then the kit's own checks.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { distance, openStyle, promptContext } from 'tincture/testing';

const style = await openStyle();
after(() => style.close());
const apple = await promptContext('red apple');

test('the same prompt makes the same weights, another one others', async () => {
  const own = await style.apply(apple);
  const rocket = await promptContext('rocket on black');
  const other = await style.apply(apple, 1, rocket);
  assert.equal(distance(own, await style.apply(apple)), 0);
  assert.ok(distance(own, other) > 0.01 * distance(apple, other));
});
