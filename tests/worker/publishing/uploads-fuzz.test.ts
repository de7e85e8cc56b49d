// Uploads in parts under random requests, in workerd: nothing fails but by refusing, no wrong bytes ever become a blob, and the
// honest way still ends well. TINCTURE_FUZZ_RUNS makes it a long run.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalEdge } from '../../../worker/serve.ts';
import { digestOf } from '../../../worker/storage/blob-store.ts';
import { serveForTest } from '../fixture.ts';
import { type TestPublisher, testPublisher, weightsOf } from './publisher.ts';

const RUNS = Number(process.env['TINCTURE_FUZZ_RUNS'] ?? 25);
const BINARY = { 'content-type': 'application/octet-stream' };

let edge: LocalEdge;
let ada: TestPublisher;
let bob: TestPublisher;
beforeAll(async () => {
  edge = await serveForTest();
  ada = await testPublisher(edge, 'ada');
  bob = await testPublisher(edge, 'bob');
});
afterAll(() => edge.close());

/** Which upload a request names: the one under way, none that exists, or no id at all. */
const target = fc.constantFrom('own', 'unknown', 'garbage');
const bytes = fc.constantFrom('right', 'shorter', 'longer', 'other', 'none');
const part = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('1') },
  fc.constantFrom('0', '2', '-1', '1e3', '99999999999', 'x'),
);
const size = fc.oneof(
  { weight: 3, arbitrary: fc.constant('right' as const) },
  fc.constantFrom(0, 1, -1, 0.5, 2 ** 40),
);
const etags = fc.array(
  fc.record({ part: fc.constantFrom(0, 1, 2, 2 ** 31), etag: fc.string({ unit: 'binary', maxLength: 140 }) }),
  { maxLength: 3 },
);
const step = fc.oneof(
  fc.record({ kind: fc.constant('start' as const), size }),
  fc.record({ kind: fc.constant('part' as const), target, part, bytes, thief: fc.boolean() }),
  fc.record({ kind: fc.constant('complete' as const), target, etags, thief: fc.boolean() }),
  fc.record({ kind: fc.constant('read' as const), target }),
  fc.record({ kind: fc.constant('drop' as const), target, thief: fc.boolean() }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

let blobs = 0;

/** A new blob's bytes and what is asked of it. */
async function fresh(): Promise<{ content: Uint8Array<ArrayBuffer>; sha256: string }> {
  const content = weightsOf(1000 + blobs++);
  return { content, sha256: await digestOf(content) };
}

function body(content: Uint8Array<ArrayBuffer>, which: string): Uint8Array<ArrayBuffer> | undefined {
  if (which === 'right') return content;
  if (which === 'shorter') return content.slice(0, -1);
  if (which === 'longer') return new Uint8Array([...content, 0]);
  if (which === 'other') return content.map((byte) => byte ^ 1);
  return undefined;
}

test('end by refusing or in the right bytes', async () => {
  const kinds = new Set<number>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 10 }), async (steps) => {
      const { content, sha256 } = await fresh();
      const start = (bytesSaid: unknown) =>
        ada.send('POST', '/v1/uploads', { sha256, size: bytesSaid, type: BINARY['content-type'] });
      let own = (await (await start(content.length)).json()).id as string;
      const idOf = (which: string) =>
        which === 'own' ? own : which === 'unknown' ? crypto.randomUUID() : '..%2f..%2fblobs';
      const send = async (it: Step): Promise<Response> => {
        if (it.kind === 'start') return start(it.size === 'right' ? content.length : it.size);
        const path = `/v1/uploads/${idOf(it.target)}`;
        if (it.kind === 'read') return ada.send('GET', path);
        const who = it.thief ? bob : ada;
        if (it.kind === 'drop') return who.send('DELETE', path);
        if (it.kind === 'complete') return who.send('POST', `${path}/complete`, { parts: it.etags });
        return who.send('PUT', `${path}/${it.part}`, body(content, it.bytes), BINARY);
      };
      for (const it of steps) {
        const answer = await send(it);
        kinds.add(answer.status);
        expect(answer.status, `${JSON.stringify(it)}: ${await answer.clone().text()}`).toBeLessThan(500);
        if (it.kind === 'start' && answer.status === 201) own = (await answer.json()).id;
        const stored = await fetch(`${edge.url}/v1/blobs/${sha256}`);
        if (stored.ok) expect(new Uint8Array(await stored.arrayBuffer())).toEqual(content);
        else expect(stored.status).toBe(404);
      }
      // The honest way, whatever was left behind: given up, begun anew, sent and joined.
      await ada.send('DELETE', `/v1/uploads/${own}`);
      const again = await start(content.length);
      if (again.status === 201) {
        const { id } = await again.json();
        expect((await ada.send('PUT', `/v1/uploads/${id}/1`, content, BINARY)).status).toBe(200);
        expect((await ada.send('POST', `/v1/uploads/${id}/complete`, {})).status).toBe(201);
      }
      const end = await fetch(`${edge.url}/v1/blobs/${sha256}`);
      expect(new Uint8Array(await end.arrayBuffer())).toEqual(content);
    }),
    { numRuns: RUNS },
  );
  // The run has met both ends: what is taken, and what is refused.
  expect([...kinds]).toEqual(expect.arrayContaining([200, 400, 404]));
});
