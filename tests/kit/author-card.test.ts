// `card.json`: what it may say, and what is told of a slip in it.
import { describe, expect, test } from 'vitest';
import { parseAuthorCard } from '../../client/kit/author-card.ts';
import { CARD } from './sources.ts';

const { parameters: _, ...card } = CARD;
const files = { plugin: 'assembly/index.ts', weights: ['weights/a.pt'], previews: [] };
const parse = (change: object) => parseAuthorCard(JSON.stringify({ ...card, files, ...change }));

describe('a card', () => {
  test('with what may be left out left out', () => {
    expect(parse({ files: { plugin: 'a.wasm' } })).toMatchObject({
      name: 'scale',
      files: { plugin: 'a.wasm', weights: [], previews: [] },
    });
    expect(parse({})).not.toHaveProperty('layers');
  });

  test.each<[string, object, RegExp]>([
    ['a name', { name: 'My Style' }, /^card\.json, name: must be lower-case/],
    ['a version', { version: '1.0' }, /card\.json, version: must be a semantic version/],
    ['an unknown field', { colour: 1 }, /card\.json, colour/],
    ['a misspelt field, not the one that is missing', { title: undefined, titel: 'Ink' }, /card\.json, titel/],
    ['a way out of the folder', { files: { plugin: '../a.ts' } }, /files\.plugin: must be a path inside/],
    ['an absolute path', { files: { plugin: '/etc/a.ts' } }, /files\.plugin: must be a path inside/],
    ['a way out in the middle', { files: { plugin: null, weights: ['a/../../b.pt'] } }, /files\.weights\.0: must be a path/],
    ['another ending', { files: { plugin: 'a.js' } }, /files\.plugin: must end in \.ts or \.wasm/],
    ['neither plugin nor weights', { files: { plugin: null } }, /names neither a plugin nor weights/],
  ])('refuses %s', (_what, change, message) => {
    expect(() => parse(change)).toThrow(message);
  }); // biome-ignore format: a table

  test('names the line of a slip in the JSON', () => {
    expect(() => parseAuthorCard('{\n  "name": "a",\n  "version" "1"\n}')).toThrow(
      /^card\.json:3: the card is not JSON/,
    );
  });
});
