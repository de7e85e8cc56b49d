// Publishing over HTTP, in workerd: what is checked, each with its own refusal, and that a version is there whole or not at all.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeStyleFile } from '../../../client/formats/style-file.ts';
import type { StyleManifest } from '../../../plugins/contract/style.ts';
import { MAX_DAILY_VERSIONS, MAX_STORED_BYTES, MAX_STYLES } from '../../../worker/registry/quota.ts';
import type { LocalEdge } from '../../../worker/serve.ts';
import { digestOf } from '../../../worker/storage/blob-store.ts';
import { compileText, moduleText } from '../../plugins/module-text.ts';
import { bytesOf, serveForTest } from '../fixture.ts';
import {
  embeddingOf,
  packed,
  previewOf,
  styleOf,
  type TestPublisher,
  testPublisher,
  weightsOf,
} from './publisher.ts';

let edge: LocalEdge;
let ada: TestPublisher;
let bob: TestPublisher;
let weights: { sha256: string; size: number };
let preview: { sha256: string; size: number };
beforeAll(async () => {
  edge = await serveForTest();
  ada = await testPublisher(edge, 'ada');
  bob = await testPublisher(edge, 'bob');
  weights = await ada.put(weightsOf(1));
  preview = await ada.put(previewOf(8), 'image/png');
});
afterAll(() => edge.close());

const LOOPS = { tincture_apply: '(loop $again (br $again)) (i32.const 0)' };
const NOT_FINITE = { tincture_apply: '(f32.store (local.get 2) (f32.const nan)) (i32.const 0)' };

const style = (change: Partial<StyleManifest>) =>
  styleOf({ blobs: { weights, plugin: null, previews: [preview] }, ...change });
const get = async (path: string) => (await fetch(edge.url + path)).json();
async function problemOf(answer: Promise<Response>) {
  const response = await answer;
  const { code, detail, field } = await response.json();
  return { status: response.status, code, detail, ...(field === undefined ? {} : { field }) };
}

test('a version is found as it was published, with who stands for it; the same again changes nothing', async () => {
  const manifest = style({ name: 'first' });
  const answer = await ada.submit(manifest);
  expect(answer.status).toBe(201);
  expect(await answer.json()).toEqual({
    outcome: 'published',
    name: 'first',
    version: '1.0.0',
    url: '/v1/styles/first/1.0.0',
  });
  expect((await get('/v1/styles/first/1.0.0')).manifest).toEqual(manifest);
  const again = await ada.submit(manifest);
  expect([again.status, (await again.json()).outcome]).toEqual([200, 'unchanged']);
  expect(await get('/v1/styles/first/owners')).toEqual({ owners: ['ada'] });
  const row = edge.stores.database.prepare(
    "SELECT publisher, key_id, length(signature) AS signature, trial FROM releases WHERE name = 'first'",
  );
  expect(await row.first()).toEqual({ publisher: 'ada', key_id: ada.keyId, signature: 86, trial: 'not-run' });
  const { entries } = await (await ada.send('GET', '/v1/audit')).json();
  expect(entries).toMatchObject([
    { actor: 'ada', action: 'style.publish', subject: 'first', detail: { version: '1.0.0', key: ada.keyId } },
  ]);
});

test('a .style file is the same as its parts', async () => {
  const bytes = weightsOf(2);
  const blobs = {
    weights: { sha256: await digestOf(bytes), size: bytes.length },
    plugin: null,
    previews: [],
  };
  const manifest = style({ name: 'whole', blobs });
  const file = writeStyleFile(manifest, new Map([[blobs.weights.sha256, bytes]]));
  const post = async (body: Uint8Array<ArrayBuffer>) =>
    ada.send('POST', '/v1/styles', body, {
      'content-type': 'application/vnd.tincture.style',
      'tincture-signature': await ada.sign(manifest),
      'tincture-key': ada.keyId,
    });
  expect((await post(file)).status).toBe(201);
  expect((await ada.submit(manifest)).status).toBe(200);
  expect(
    await digestOf(
      new Uint8Array(await (await fetch(`${edge.url}/v1/blobs/${blobs.weights.sha256}`)).arrayBuffer()),
    ),
  ).toBe(blobs.weights.sha256);
  const damaged = file.slice();
  damaged[damaged.indexOf(0x50, 200)]! ^= 1;
  expect(await problemOf(post(damaged))).toMatchObject({ status: 400, code: 'registry/invalid' });
  const left = edge.stores.database.prepare('SELECT count(*) AS n FROM uploads');
  expect(await left.first()).toEqual({ n: 0 });
});

describe('blobs', () => {
  test('are stored once, whoever brings them', async () => {
    const bytes = bytesOf('brought twice');
    const path = `/v1/blobs/${await digestOf(bytes)}`;
    const types = { 'content-type': 'application/octet-stream' };
    expect((await ada.send('PUT', path, bytes, types)).status).toBe(201);
    expect((await bob.send('PUT', path, bytes, types)).status).toBe(200);
  });

  test.each<[string, () => [string, BodyInit | undefined, Record<string, string>], number, string]>([
    ['of another digest', () => ['d'.repeat(64), 'forged', {}], 400, 'registry/digest'],
    [
      'of another digest under a taken key',
      () => [weights.sha256, 'x'.repeat(weights.size), {}],
      400,
      'registry/digest',
    ],
    ['of another size under a taken key', () => [weights.sha256, 'forged', {}], 400, 'registry/digest'],
    [
      'without a length',
      () => ['d'.repeat(64), new Blob(['x']).stream(), {}],
      411,
      'registry/length-required',
    ],
    ['of no bytes', () => ['d'.repeat(64), undefined, {}], 400, 'registry/invalid'],
    [
      'of a document’s type',
      () => ['d'.repeat(64), 'x', { 'content-type': 'text/html' }],
      400,
      'edge/invalid-request',
    ],
  ])('%s are refused', async (_what, made, status, code) => {
    const [sha256, body, headers] = made();
    const answer = fetch(`${edge.url}/v1/blobs/${sha256}`, {
      method: 'PUT',
      ...(body === undefined ? {} : { body }),
      duplex: 'half',
      headers: {
        authorization: `Bearer ${ada.token}`,
        'content-type': 'application/octet-stream',
        ...headers,
      },
    } as RequestInit);
    expect(await problemOf(answer)).toMatchObject({ status, code });
  });

  test('beyond the quota are refused, and GET /v1/quota tells it', async () => {
    const carl = await testPublisher(edge, 'carl');
    await edge.stores.database
      .prepare(
        `INSERT INTO blobs (sha256, size, type, publisher, created_at, touched_at, stored_at)
         VALUES (?, ?, 'application/octet-stream', 'carl', ?, ?, ?)`,
      )
      .bind('c'.repeat(64), MAX_STORED_BYTES - 3, ...Array(3).fill(new Date().toISOString()))
      .run();
    await carl.put(bytesOf('3 b'));
    const one = carl.send('PUT', `/v1/blobs/${await digestOf(bytesOf('!'))}`, '!', {
      'content-type': 'application/octet-stream',
    });
    expect(await problemOf(one)).toMatchObject({ status: 403, code: 'registry/quota' });
    expect(await (await carl.send('GET', '/v1/quota')).json()).toMatchObject({
      storedBytes: { used: MAX_STORED_BYTES, limit: MAX_STORED_BYTES },
      styles: { used: 0, limit: MAX_STYLES },
    });
    // What others stored costs nothing.
    await carl.put(weightsOf(1));
  });
});

describe('a version is refused, and nothing of it becomes visible', () => {
  const cases: [string, Partial<StyleManifest> | object, number, string, RegExp][] = [
    ['with a field that breaks the schema', { title: '' }, 400, 'registry/invalid', /style.json title/],
    ['without a licence', { licence: '' }, 422, 'registry/licence', /licence/],
    ['with a licence that is none', { licence: 'TBD' }, 422, 'registry/licence', /TBD/],
    ['under a reserved name', { name: 'latest' }, 403, 'registry/reserved-name', /reserved/],
    ['under a name like a reserved one', { name: '1atest' }, 403, 'registry/reserved-name', /1atest/],
    ['under a name like a short digest', { name: 'deadbeef01' }, 403, 'registry/reserved-name', /deadbeef01/],
  ];
  test.each(cases)('%s', async (_what, change, status, code, words) => {
    const problem = await problemOf(ada.submit({ ...style({ name: 'refused' }), ...change }));
    expect(problem).toMatchObject({ status, code, detail: expect.stringMatching(words) });
    expect((await fetch(`${edge.url}/v1/styles/refused`)).status).toBe(404);
  });

  test('whose signature is missing, forged, another key’s, or a revoked key’s', async () => {
    const manifest = style({ name: 'unsigned' });
    const forged = await ada.sign({ ...manifest, title: 'Other' });
    expect(await problemOf(ada.submit(manifest, { signature: undefined }))).toMatchObject({
      status: 400,
      code: 'edge/invalid-request',
      field: 'body.signature',
    });
    for (const change of [{ signature: forged }, { keyId: bob.keyId }, { keyId: '0'.repeat(16) }]) {
      expect(await problemOf(ada.submit(manifest, change))).toMatchObject({
        status: 403,
        code: 'registry/signature',
      });
    }
    const eve = await testPublisher(edge, 'eve');
    await edge.stores.database
      .prepare("UPDATE signing_keys SET revoked_at = '2026-01-01' WHERE publisher = 'eve'")
      .run();
    expect(await problemOf(eve.submit(manifest))).toMatchObject({
      code: 'registry/signature',
      detail: expect.stringContaining('revoked 2026-01-01'),
    });
  });

  test('whose blobs are missing, or of another size', async () => {
    for (const wrong of [
      { sha256: 'e'.repeat(64), size: 7 },
      { ...weights, size: weights.size + 1 },
    ]) {
      const manifest = style({ name: 'half', blobs: { weights: wrong, plugin: null, previews: [] } });
      expect(await problemOf(ada.submit(manifest))).toMatchObject({
        status: 409,
        code: 'registry/missing-blob',
      });
    }
  });

  test('whose weights, previews or plugin are something else', async () => {
    const wasm = await compileText(moduleText());
    const own = style({ name: 'spoilt', layers: null });
    const text = await ada.put(bytesOf('no tensors, no picture, no module'));
    const huge = await ada.put(Uint8Array.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, ...Array(99).fill(0x20)]));
    const wide = await ada.put(previewOf(4097), 'image/png');
    const other = await ada.put(packed(wasm, style({ name: 'another' })));
    const none = { weights: null, plugin: null, previews: [] };
    const cases = [
      [{ ...none, weights: text }, 'registry/weights'],
      [{ ...none, weights: huge }, 'registry/weights'],
      [{ ...none, weights, previews: [text] }, 'registry/preview'],
      [{ ...none, weights, previews: [wide] }, 'registry/preview'],
      [{ ...none, plugin: text }, 'registry/plugin'],
      [{ ...none, plugin: other }, 'registry/card-section'],
    ] as const;
    for (const [blobs, code] of cases) {
      expect(await problemOf(ada.submit({ ...own, blobs }))).toMatchObject({ status: 422, code });
    }
  });

  test('of an embedding whose weights are not the vectors that it tells of', async () => {
    const blobs = { weights: await ada.put(embeddingOf(3, 96)), plugin: null, previews: [] };
    const embedding = { ...style({ name: 'brush', layers: null, parameters: [], blobs }), kind: 'embedding' };
    for (const change of [
      { vectors: 2 },
      { vectors: 3, base: { ...embedding.base, contextWidth: 24 } },
      { vectors: 1, blobs: { ...blobs, weights } },
    ]) {
      expect(await problemOf(ada.submit({ ...embedding, ...change }))).toMatchObject({
        status: 422,
        code: 'registry/weights',
        detail: expect.stringMatching(/weights 0: the weights are not the embedding.*expected emb_params \[/),
      });
    }
    expect(await problemOf(ada.submit({ ...embedding, vectors: 3, layers: style({}).layers }))).toMatchObject(
      {
        code: 'registry/invalid',
        field: 'style.json layers',
      },
    );
    expect((await ada.submit({ ...embedding, vectors: 3 })).status).toBe(201);
    expect((await get('/v1/styles/brush/1.0.0')).manifest).toEqual({ ...embedding, vectors: 3 });
  });

  test('whose plugin does not end or is not finite; one that does both is marked', async () => {
    const publish = async (name: string, text: string) => {
      const manifest = style({ name, layers: null });
      const plugin = await ada.put(packed(await compileText(text), manifest));
      return ada.submit({ ...manifest, blobs: { weights: null, plugin, previews: [] } });
    };
    const trialOf = (name: string) =>
      edge.stores.database.prepare('SELECT trial FROM releases WHERE name = ?').bind(name).first();
    expect((await publish('tried', moduleText())).status).toBe(201);
    expect(await trialOf('tried')).toEqual({ trial: 'passed' });
    for (const [name, body] of [
      ['endless', LOOPS],
      ['infinite', NOT_FINITE],
    ] as const) {
      expect(await problemOf(publish(name, moduleText(body)))).toMatchObject({
        status: 422,
        code: 'registry/trial',
      });
      expect(await trialOf(name)).toBeNull();
    }
  });

  test('that is not above the highest, also as a back-port', async () => {
    for (const version of ['1.0.0', '2.0.0-beta.2']) {
      expect((await ada.submit(style({ name: 'rising', version }))).status).toBe(201);
    }
    for (const version of ['0.9.0', '1.1.0', '2.0.0-beta.1']) {
      expect(await problemOf(ada.submit(style({ name: 'rising', version })))).toMatchObject({
        status: 409,
        code: 'registry/version-order',
        detail: expect.stringContaining('above 2.0.0-beta.2'),
      });
    }
    expect((await ada.submit(style({ name: 'rising', version: '2.0.0' }))).status).toBe(201);
    const changed = style({ name: 'rising', version: '2.0.0', title: 'Forged' });
    expect(await problemOf(ada.submit(changed))).toMatchObject({ status: 409, code: 'registry/conflict' });
  });

  test('under another’s name, a name that looks like it, or another’s prefix', async () => {
    const root = await testPublisher(edge, 'root', 'administrator');
    expect((await ada.submit(style({ name: 'ink-oil' }))).status).toBe(201);
    const bobs = (name: string) => problemOf(bob.submit(style({ name, version: '3.0.0' })));
    expect(await bobs('ink-oil')).toMatchObject({ status: 403, code: 'registry/not-owner' });
    for (const name of ['ink-0il', 'inkoil', '1nk-oi1', 'i-n-k-oil']) {
      expect(await bobs(name)).toMatchObject({ status: 409, code: 'registry/look-alike' });
    }
    expect((await ada.submit(style({ name: 'ink-0il' }))).status).toBe(201);
    expect((await root.send('PUT', '/v1/prefixes/wash-', { publisher: 'ada' })).status).toBe(204);
    for (const name of ['wash-grey', 'wa5h-grey']) {
      expect(await bobs(name)).toMatchObject({ status: 403, code: 'registry/reserved-name' });
    }
    expect((await bob.submit(style({ name: 'washed' }))).status).toBe(201);
    expect((await ada.submit(style({ name: 'wash-grey' }))).status).toBe(201);
  });

  test('beyond the quotas of names and of a day', async () => {
    const dora = await testPublisher(edge, 'dora');
    const { database } = edge.stores;
    const many = (rows: number) =>
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})`;
    await database.batch([
      database.prepare(
        `${many(MAX_STYLES - 1)} INSERT INTO styles (name, skeleton, publisher, created_at) SELECT 'd-' || i, 'd' || i, 'dora', '2026' FROM n`,
      ),
      database.prepare(
        `${many(MAX_STYLES - 1)} INSERT INTO owners (name, publisher, since) SELECT 'd-' || i, 'dora', '2026' FROM n`,
      ),
    ]);
    const names = ['quota-a', 'quota-b'].map((name) => dora.submit(style({ name })));
    const answers = (await Promise.all(names)).map(({ status }) => status);
    expect(answers.sort()).toEqual([201, 403]);
    await database
      .prepare(
        `${many(MAX_DAILY_VERSIONS - 2)} INSERT INTO releases (kind, name, version, rank, manifest, digest, architecture, search_text, published_at, publisher, signature, key_id)
         SELECT 'style', 'd-1', '0.0.' || i, printf('1%06d', i), '{}', '', 'x', '', ?, 'dora', 's', ? FROM n ORDER BY i`,
      )
      .bind(new Date().toISOString(), dora.keyId)
      .run();
    const days = ['1.0.0', '1.0.1'].map((version) => dora.submit(style({ name: 'd-2', version })));
    const refused = (await Promise.all(days)).filter(({ status }) => status !== 201);
    expect(refused).toHaveLength(1);
    expect(await problemOf(Promise.resolve(refused[0]!))).toMatchObject({
      code: expect.stringMatching(/quota|version-order/),
    });
    expect(await problemOf(dora.submit(style({ name: 'd-3' })))).toMatchObject({
      code: 'registry/quota',
      detail: expect.stringContaining('dailyVersions'),
    });
  });
});

describe('races', () => {
  test('of one version with other content have exactly one winner, and all of it', async () => {
    const titles = Array.from({ length: 8 }, (_, index) => `Racer ${index}`);
    const answers = await Promise.all(titles.map((title) => ada.submit(style({ name: 'race', title }))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
    const winner = titles[answers.findIndex(({ status }) => status === 201)];
    expect((await get('/v1/styles/race')).manifest.title).toBe(winner);
    const files = edge.stores.database.prepare("SELECT count(*) AS n FROM release_files WHERE name = 'race'");
    expect(await files.first()).toEqual({ n: 2 });
  });

  test('of two publishers for one new name, or two that look alike, have exactly one winner', async () => {
    for (const [mine, theirs] of [
      ['raced', 'raced'],
      ['raced-oil', 'raced-0il'],
    ] as const) {
      const answers = await Promise.all([
        ada.submit(style({ name: mine, author: 'Ada' })),
        bob.submit(style({ name: theirs, author: 'Bob' })),
      ]);
      const statuses = answers.map(({ status }) => status);
      expect(statuses).toContain(201);
      expect(statuses.filter((status) => status === 201)).toHaveLength(1);
      expect(Math.max(...statuses)).toBeLessThan(500);
    }
  });

  test('of the same content are all successes, once', async () => {
    const manifest = style({ name: 'same' });
    const answers = await Promise.all(Array.from({ length: 6 }, () => ada.submit(manifest)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
    const { entries } = await (await ada.send('GET', '/v1/audit?limit=100')).json();
    expect(entries.filter(({ subject }: { subject: string }) => subject === 'same')).toHaveLength(1);
  });
});
