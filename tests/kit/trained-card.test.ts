// The card of a trained style: the author's words win, but for what only training knows.
import { expect, test } from 'vitest';
import { trainedCard } from '../../client/kit/trained-card.ts';

const FACTS = {
  name: 'Café Lines!',
  base: { architecture: 'stable-diffusion-v1', contextWidth: 96 },
  training: { pictures: 1, steps: 20, batch: 1, rates: '1e-4', base: 'pictograms' },
};
const SAID = { author: 'Ada', licence: 'CC0-1.0' };

test('what the author leaves out is filled in', () => {
  expect(trainedCard(SAID, FACTS)).toEqual({
    name: 'cafe-lines',
    version: '1.0.0',
    title: 'Cafe lines',
    description: 'Trained on 1 picture for 20 steps of one picture, at 1e-4, over pictograms.',
    author: 'Ada',
    licence: 'CC0-1.0',
    tags: [],
    triggerWords: [],
    parameters: [{ name: 'strength', default: 1, minimum: 0, maximum: 1.5 }],
    base: FACTS.base,
    training: FACTS.training,
  });
});

test('the author’s words win, but not over base and training', () => {
  const card = trainedCard(
    { ...SAID, name: 'a', description: '', tags: ['lines'], files: {}, base: null, training: { steps: 9 } },
    FACTS,
  );
  expect(card).toMatchObject({ name: 'a', description: '', tags: ['lines'], ...{ base: FACTS.base } });
  expect(card.training).toEqual(FACTS.training);
});

test('what nobody else can say, and what is wrong, is named', () => {
  expect(() => trainedCard({ author: 'Ada' }, FACTS)).toThrow(/needs a licence/);
  expect(() => trainedCard({ licence: 'MIT' }, FACTS)).toThrow(/needs an author/);
  expect(() => trainedCard({ ...SAID, name: 'A B' }, FACTS)).toThrow(/card, name/);
});
