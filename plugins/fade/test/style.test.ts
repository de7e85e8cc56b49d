// What this style promises. `npm run -s tincture -- test` builds it, runs these tests, and then the kit's own checks.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { distance, openStyle, promptContext } from 'tincture/testing';

const style = await openStyle();
after(() => style.close());

test('the strength goes from 1 to 0, or wherever it is sent', async () => {
  assert.deepEqual([...(await style.schedule(5)).strengths], [1, 0.75, 0.5, 0.25, 0]);
  await style.set({ from: -1, to: 1 });
  assert.deepEqual([...(await style.schedule(3)).strengths], [-1, 0, 1]);
  await assert.rejects(style.set({ curve: 0 }), /curve/);
});

test('what fades is a style that bends', async () => {
  const apple = await promptContext('red apple');
  assert.equal(distance(apple, await style.apply(apple, 0)), 0);
  assert.ok(distance(apple, await style.apply(apple)) > 0);
});
