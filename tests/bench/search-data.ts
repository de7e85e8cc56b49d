// Made-up styles for the benchmark of searching: as long as real cards, with words from very common to rare.
import type { D1Database } from '@cloudflare/workers-types';
import { canonicalJson } from '../../plugins/contract/canonical-json.ts';
import { despiteClosedConnections } from '../../worker/local/connection-closed.ts';
import { SAMPLE_STYLE } from '../contract/sample-style.ts';

const SYLLABLES = [
  'ba',
  'ce',
  'di',
  'fo',
  'gu',
  'ha',
  'ke',
  'li',
  'mo',
  'nu',
  'pa',
  're',
  'si',
  'to',
  'vu',
  'za',
];
const VOCABULARY = 4000;
const BATCH = 200;

/** Three syllables each; the first of them are the most common in the cards. */
export const WORDS: readonly string[] = Array.from({ length: VOCABULARY }, (_, index) =>
  [index >> 8, index >> 4, index].map((digits) => SYLLABLES[digits & 15]).join(''),
);

/** A repeatable sequence of numbers in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Publishes `count` styles, 200 rows a batch, straight into the index: the triggers list them. */
export async function seedSearch(database: D1Database, count: number): Promise<void> {
  const random = randomFrom(1);
  // A word's share falls with its place, as in languages.
  const word = () => WORDS[Math.min(VOCABULARY - 1, Math.floor(VOCABULARY ** random()) - 1)]!;
  const words = (length: number) => Array.from({ length }, word);
  const insert = database.prepare(
    `INSERT OR IGNORE INTO releases (kind, name, version, rank, manifest, digest, architecture, context_width, search_text, published_at)
     VALUES ('style', ?, '1.0.0', '1011010010', ?, ?, 'stable-diffusion-v1', ?, ?, ?)`,
  );
  for (let done = 0; done < count; done += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, count - done) }, (_, index) => {
      const number = done + index;
      const name = `${word()}-${number}`;
      const card = {
        ...SAMPLE_STYLE,
        name,
        title: words(3).join(' '),
        description: words(40).join(' '),
        tags: [...new Set(words(4))],
        author: words(2).join(' '),
      };
      const text = [name, card.title, card.author, card.description, ...card.tags].join('\n');
      const time = new Date(1_700_000_000_000 + number * 60_000).toISOString();
      const width = number % 4 === 0 ? 1024 : 768;
      return insert.bind(name, canonicalJson(card), 'd'.repeat(64), width, text, time);
    });
    await despiteClosedConnections(`styles from ${done}`, () => database.batch(rows));
  }
}
