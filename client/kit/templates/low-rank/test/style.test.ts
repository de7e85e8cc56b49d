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

test('every weight is two thin layers', async () => {
  const layers = await style.layers(apple.width);
  // A block's header: word 0 is its kind, 1 for a linear layer; word 3 is how many outputs it has.
  const headers = layers?.k.map((block) => new Uint32Array(block.slice(0, 32).buffer)) ?? [];
  const outputs = headers.filter((header) => header[0] === 1).map((header) => header[3] ?? 0);
  assert.ok(outputs.length >= 2 && outputs.length % 2 === 0);
  for (let i = 0; i < outputs.length; i += 2) assert.ok((outputs[i] ?? 0) < (outputs[i + 1] ?? 0));
});
