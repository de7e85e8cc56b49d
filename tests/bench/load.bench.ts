// The edge under load on loopback: blobs against a bare worker that streams the same object, then 500 connections at once.
import { randomBytes } from 'node:crypto';
import autocannon from 'autocannon';
import { serve } from '../../worker/serve.ts';
import { digestOf } from '../../worker/storage/blob-store.ts';
import { median, type Row, report } from './engine-report.ts';
import { startPeer } from './load-peer.ts';
import { treeMemory } from './memory-processes.ts';

/** A preview picture, and a piece of weights; larger ones measure only the copying. */
const SIZES = [16 * 2 ** 10, 2 ** 20];
const CONNECTIONS = 16;
const TURNS = 5;
const TURN_SECONDS = 3;
/** Both programs are compiled and hot before they count. */
const WARM_REQUESTS = 200;
const CROWD = 500;
/** As asked of the edge: a minute. Shorter only to try the benchmark itself out. */
const CROWD_SECONDS = Number(process.env['TINCTURE_LOAD_SECONDS'] ?? 60);
/** The second half's memory may be this much above the end of the first tenth. */
const FLAT = 1.2;

const edge = await serve({ port: 0 });
const peer = await startPeer();
const rows: Row[] = [];
const ratios: number[] = [];
try {
  let smallest = '';
  for (const size of SIZES) {
    const bytes = new Uint8Array(randomBytes(size));
    const sha256 = await digestOf(bytes);
    smallest ||= sha256;
    await edge.stores.blobs.put(sha256, bytes, 'application/octet-stream');
    await peer.put(sha256, bytes);
    const kinds: Record<string, Record<string, string>> = {
      whole: {},
      'range of a quarter': { range: `bytes=${size / 4}-${size / 2 - 1}` },
      'not modified': { 'if-none-match': `"${sha256}"` },
    };
    for (const [kind, headers] of Object.entries(kinds)) {
      const ours: number[] = [];
      const bare: number[] = [];
      for (const url of [`${edge.url}/v1/blobs/${sha256}`, `${peer.url}/${sha256}`]) {
        await autocannon({ url, headers, connections: CONNECTIONS, amount: WARM_REQUESTS });
      }
      for (let turn = 0; turn < TURNS; turn++) {
        ours.push(await requestsPerSecond(`${edge.url}/v1/blobs/${sha256}`, headers, TURN_SECONDS));
        bare.push(await requestsPerSecond(`${peer.url}/${sha256}`, headers, TURN_SECONDS));
      }
      const ratio = median(ours.map((value, turn) => value / bare[turn]!));
      if (kind === 'whole') ratios.push(ratio);
      rows.push({
        request: kind,
        bytes: size,
        'edge, requests/s': median(ours),
        'bare worker, requests/s': median(bare),
        'edge ÷ bare': ratio.toFixed(2),
      });
    }
  }
  const crowd = await underCrowd([`/v1/blobs/${smallest}`, '/v1/styles', '/healthz']);
  report(
    `${CONNECTIONS} connections, ${TURNS} turns of ${TURN_SECONDS} s each; then ${CROWD} connections for ${CROWD_SECONDS} s: ` +
      `${crowd.requests} requests, p99 ${crowd.p99} ms, memory ${crowd.memory.map((it) => (it / 2 ** 20).toFixed(0)).join(' → ')} MiB`,
    rows,
    [
      ...SIZES.map((size, i) => ({
        claim: `whole blobs of ${size} bytes, throughput of the edge ÷ a bare worker`,
        value: ratios[i]!,
        limit: 0.95,
        atLeast: true,
        unit: ' ×',
      })),
      {
        claim: 'answers of 500 and above, failed and timed out connections',
        value: crowd.failures,
        limit: 0,
        unit: '',
      },
      {
        claim: 'memory at the end ÷ after a tenth',
        value: crowd.memory[2]! / crowd.memory[0]!,
        limit: FLAT,
        unit: ' ×',
      },
    ],
  );
} finally {
  await peer.close();
  await edge.close();
}

async function requestsPerSecond(
  url: string,
  headers: Record<string, string>,
  seconds: number,
): Promise<number> {
  const result = await autocannon({ url, headers, connections: CONNECTIONS, duration: seconds });
  const answered = result['2xx'] + result['3xx'];
  if (result.errors > 0 || result['4xx'] + result['5xx'] > 0 || answered === 0) {
    throw new Error(
      `${url}: ${answered} answered, ${result['4xx'] + result['5xx']} refused, ${result.errors} errors`,
    );
  }
  return answered / result.duration;
}

/** Memory of everything below this process after a tenth, a half and the whole of the time. */
async function underCrowd(
  paths: readonly string[],
): Promise<{ requests: number; failures: number; p99: number; memory: number[] }> {
  const memory: number[] = [];
  const sample = (): void => {
    memory.push(treeMemory(process.pid) - process.memoryUsage.rss());
  };
  const timers = [0.1, 0.5, 0.97].map((share) => setTimeout(sample, share * CROWD_SECONDS * 1000));
  const result = await autocannon({
    url: edge.url,
    connections: CROWD,
    duration: CROWD_SECONDS,
    timeout: 30,
    requests: paths.map((path) => ({ method: 'GET' as const, path })),
  });
  for (const timer of timers) clearTimeout(timer);
  while (memory.length < 3) sample();
  return {
    requests: result.requests.total,
    failures: result['5xx'] + result.errors + result.timeouts,
    p99: result.latency.p99,
    memory,
  };
}
