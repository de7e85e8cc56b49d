// What the publishing page makes of an embedding: its facts, its card, and a style file that comes apart again.
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { cardFaults } from '../../client/kit/card-faults.ts';
import { packStyle } from '../../client/kit/pack.ts';
import { bringStyle } from '../../client/studio/publishing/bring-style.ts';
import { cardOf } from '../../client/studio/publishing/publishing-state.ts';

it('an embedding is told as one, packed with its card, and brought again as it was', async () => {
  const bytes = new Uint8Array(await readFile('tests/golden/embeddings/brush.pt'));
  const { parts, form } = await bringStyle(new File([bytes], 'Soft Brush.pt'), 'Ada', 768);
  expect(parts).toMatchObject({ kind: 'embedding', widths: [24], rest: { kind: 'embedding', vectors: 3 } });
  expect(parts.facts[0]).toMatch(/^3 vectors of width 24/);
  expect(form).toMatchObject({ name: 'soft-brush', author: 'Ada', contextWidth: 24 });
  const card = cardOf({ parts, form: { ...form, licence: 'CC0-1.0' } });
  expect([...cardFaults({ layers: null, ...card })]).toEqual([]);
  const packed = await packStyle({ card, weights: parts.weights });
  expect(packed.manifest).toMatchObject({ kind: 'embedding', vectors: 3, name: 'soft-brush' });
  const again = await bringStyle(new File([packed.bytes], 'soft-brush.style'), 'Bob', undefined);
  expect(again.parts).toMatchObject({ kind: 'embedding', facts: [parts.facts[0]], widths: [24] });
  const repacked = await packStyle({ card: cardOf(again), weights: again.parts.weights });
  expect(repacked.sha256).toBe(packed.sha256);
});
