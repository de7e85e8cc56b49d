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

test('the layers are thin', async () => {
  const layers = await style.layers(96);
  // Word 3 of a block's header is a linear layer's outputs: 96 → 4 → 48, relu, 48 → 4 → 96.
  const outputs = layers?.k.map((block) => new DataView(block.buffer, block.byteOffset).getUint32(12, true));
  assert.deepEqual(outputs, [4, 48, 0, 4, 96]);
});
