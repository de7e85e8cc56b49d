// Links to the studio that name styles.
import { describe, expect, test } from 'vitest';
import {
  linkedEmbeddings,
  linkedStyles,
  MAX_LINKED,
  sayLinked,
  takeLinked,
} from '../../client/studio/state/linked-styles.ts';
import { createStore } from '../../client/studio/state/store.ts';
import { FIRST_STATE, reduce } from '../../client/studio/state/studio.ts';
import type { ShelfStyle } from '../../client/studio/state/styles.ts';

describe('the query names', () => {
  test.each([
    ['', []],
    ['?watch=x', []],
    ['?style=blueprint', [{ name: 'blueprint' }]],
    [
      '?style=a:0.8&style=b-2:-1',
      [
        { name: 'a', strength: 0.8 },
        { name: 'b-2', strength: -1 },
      ],
    ],
    ['?style=a&style=a:2', [{ name: 'a', strength: 2 }]],
    ['?style=A&style=../x&style=a:b&style=a:1e9&style=<b>&style=', []],
    [`?style=${'x'.repeat(65)}`, []],
  ])('%s', (search, expected) => expect(linkedStyles(search)).toEqual(expected));

  test('a bounded number of styles', () => {
    const search = Array.from({ length: 20 }, (_, index) => `style=s${index}`).join('&');
    expect(linkedStyles(search)).toHaveLength(MAX_LINKED);
  });
});

test('they are taken into use at their strength, within its bounds; what is not there is said', async () => {
  const store = createStore(reduce, FIRST_STATE);
  const style = (name: string): ShelfStyle => ({
    id: `registry:${name}`,
    name,
    title: name,
    description: '',
    origin: 'registry',
    triggerWords: [],
    strength: { min: 0, max: 1.5, initial: 1 },
  });
  const asked: string[] = [];
  const findStyles = async (query: string): Promise<void> => {
    asked.push(query);
    store.dispatch({ kind: 'shelve', styles: query === 'gone' ? [] : [style(query)] });
  };
  await takeLinked(linkedStyles('?style=ink&style=neon:9&style=gone'), store, { findStyles });
  expect(asked).toEqual(['ink', 'neon', 'gone']);
  expect(store.state().inUse).toMatchObject([
    { id: 'registry:ink', strength: 1 },
    { id: 'registry:neon', strength: 1.5 },
  ]);
  expect(store.state().notices.join()).toContain('gone');
});

test('embeddings are found and said in the prompt, once; what is not there is said', async () => {
  const names = linkedEmbeddings('?embedding=brush&embedding=brush&embedding=No!&embedding=gone&style=ink');
  expect(names).toEqual(['brush', 'gone']);
  const store = createStore(reduce, FIRST_STATE);
  const asked: string[] = [];
  const findStyles = async (query: string): Promise<void> => {
    asked.push(query);
    const found = { name: query, words: [query], vectors: 1, width: 96, sha256: '' };
    store.dispatch({ kind: 'embed', embeddings: query === 'gone' ? [] : [found] });
  };
  store.dispatch({ kind: 'set', settings: { prompt: 'red apple' } });
  for (let i = 0; i < 2; i++) await sayLinked(names, store, { findStyles });
  expect(asked).toEqual(['brush', 'gone', 'gone']);
  expect(store.state().settings.prompt).toBe('red apple, brush');
  expect(store.state().notices.join()).toContain('embedding gone');
});
