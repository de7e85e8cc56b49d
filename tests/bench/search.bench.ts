// Searching 100,000 styles: the worker's own search over HTTP against a bare Worker that asks D1 the same words with one bare
// query, on the same data in the same run. Prints the ratios of their times at the 50th and the 99th percentile. Publishing so many
// takes minutes: TINCTURE_BENCH_FOLDER names a folder that keeps them for the next run.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { D1Database } from '@cloudflare/workers-types';
import { Log, LogLevel, Miniflare } from 'miniflare';
import { bundleWorker } from '../../worker/local/bundle.ts';
import { despiteClosedConnections } from '../../worker/local/connection-closed.ts';
import { migrate } from '../../worker/local/migrate.ts';
import { COMPATIBILITY_DATE, LOCAL_BINDINGS } from '../../worker/serve.ts';
import { seedSearch, WORDS } from './search-data.ts';

const STYLES = Number(process.env['TINCTURE_BENCH_STYLES'] ?? 100_000);
const ROUNDS = 400;
const PAGE = 24;
const AIM = 1.3;

/** What the search is measured against: the words, ranked, and nothing else of a style but its number. */
const BARE = `export default {
  async fetch(request, env) {
    const words = new URL(request.url).searchParams.get('match');
    const { results } = await env.DB.prepare(
      'SELECT rowid, rank FROM listing_words WHERE listing_words MATCH ? ORDER BY rank LIMIT ${PAGE}',
    ).bind(words).all();
    return Response.json(results);
  },
};`;

const kept = process.env['TINCTURE_BENCH_FOLDER'];
const folder = kept ?? (await mkdtemp(join(tmpdir(), 'tincture-search-')));
const workers = { edge: await bundleWorker(), bare: BARE };
const config = (name: keyof typeof workers) => ({
  config: {
    name,
    compatibilityDate: COMPATIBILITY_DATE,
    manifest: {
      mainModule: 'index.js',
      modulesRoot: import.meta.dirname,
      modules: { 'index.js': { type: 'esm' as const, contents: workers[name] } },
    },
    env: {
      ...LOCAL_BINDINGS,
      RATE_LIMITS: { type: 'text' as const, value: 'off' },
      LOG: { type: 'text' as const, value: 'errors' },
    },
  },
});
const shared = {
  host: '127.0.0.1',
  port: 0,
  cf: false as const,
  telemetry: { enabled: false },
  logRequests: false,
  log: new Log(LogLevel.ERROR),
  resourcePersistencePath: folder,
};

/** Milliseconds of `ROUNDS` searches, ascending. */
async function measure(name: keyof typeof workers, addressOf: (words: string) => string): Promise<number[]> {
  const runtime = new Miniflare({ ...shared, workers: [config(name)] });
  try {
    const { origin } = await runtime.ready;
    const times: number[] = [];
    for (let round = -20; round < ROUNDS; round++) {
      const words = queryOf(Math.abs(round));
      const [answer, body, time] = await despiteClosedConnections(name, async () => {
        const began = performance.now();
        const response = await fetch(origin + addressOf(words));
        return [response, await response.json(), performance.now() - began] as const;
      });
      if (round >= 0) times.push(time);
      if (!answer.ok) throw new Error(`${name}: ${JSON.stringify(body)}`);
    }
    return times.sort((a, b) => a - b);
  } finally {
    await runtime.dispose();
  }
}

/** One word, two words, and a beginning of a word, from rare to common. */
function queryOf(round: number): string {
  const word = WORDS[(round * 7) % WORDS.length]!;
  if (round % 3 === 0) return word;
  if (round % 3 === 1) return `${word} ${WORDS[(round * 13 + 5) % WORDS.length]}`;
  return word.slice(0, 3);
}

/** The bare query's spelling of the same words. */
const matchOf = (words: string) =>
  `${words
    .split(' ')
    .map((word) => `"${word}"`)
    .join(' ')}*`;
const at = (times: readonly number[], share: number) => times[Math.floor(times.length * share)]!;

try {
  const seeding = new Miniflare({ ...shared, workers: [config('bare')] });
  await seeding.ready;
  const database = (await seeding.getD1Database('DB')) as unknown as D1Database;
  await migrate(database);
  const began = performance.now();
  const there = await database.prepare('SELECT count(*) AS count FROM listings').first<{ count: number }>();
  if (there?.count !== STYLES) await seedSearch(database, STYLES);
  await seeding.dispose();
  console.log(`${STYLES} styles published in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  const ratios: number[] = [];
  for (const turn of [1, 2, 3]) {
    const bare = await measure('bare', (words) => `/?match=${encodeURIComponent(matchOf(words))}`);
    const edge = await measure('edge', (words) => `/v1/styles?limit=${PAGE}&q=${encodeURIComponent(words)}`);
    const row = (share: number) => `${at(edge, share).toFixed(1)} ms ÷ ${at(bare, share).toFixed(1)} ms`;
    const ratio = at(edge, 0.99) / at(bare, 0.99);
    ratios.push(ratio);
    console.log(`turn ${turn}: p50 ${row(0.5)} = ${(at(edge, 0.5) / at(bare, 0.5)).toFixed(2)}`);
    console.log(`turn ${turn}: p99 ${row(0.99)} = ${ratio.toFixed(2)}`);
  }
  const middle = ratios.toSorted((a, b) => a - b)[1]!;
  console.log(`search ÷ bare D1 query, p99, the middle of three: ${middle.toFixed(2)} (aim ≤ ${AIM})`);
  if (process.argv.includes('--json')) console.log(JSON.stringify({ name: 'search', p99: ratios, aim: AIM }));
} finally {
  if (kept === undefined) await rm(folder, { recursive: true, force: true });
}
