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

test('the mean of the rows stays where it is', async () => {
  const bent = await style.apply(apple);
  for (let column = 0; column < apple.width; column++) {
    let drift = 0;
    for (let row = 0; row < apple.rows; row++) {
      const at = row * apple.width + column;
      drift += bent.k[at]! - apple.k[at]!;
    }
    assert.ok(Math.abs(drift / apple.rows) < 1e-5);
  }
});
