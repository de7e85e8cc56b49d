// What becomes of blobs and versions over time, in workerd: uploads in parts, yanks, takedowns, owners, and collection.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StyleManifest } from '../../../plugins/contract/style.ts';
import { storeBlob } from '../../../worker/registry/blobs.ts';
import { collect, GRACE_MS } from '../../../worker/registry/collect.ts';
import { MAX_OPEN_UPLOADS } from '../../../worker/registry/quota.ts';
import type { PublishingStores } from '../../../worker/registry/release.ts';
import { submitStyle } from '../../../worker/registry/submit-style.ts';
import { PART_BYTES, UPLOAD_LIFETIME_MS } from '../../../worker/registry/uploads.ts';
import { restoreVersion, takeDown } from '../../../worker/registry/withdraw.ts';
import { runScheduled } from '../../../worker/scheduled.ts';
import type { LocalEdge } from '../../../worker/serve.ts';
import { digestOf } from '../../../worker/storage/blob-store.ts';
import { addSession } from '../auth/account.ts';
import { bytesOf, serveForTest } from '../fixture.ts';
import { styleOf, type TestPublisher, testPublisher, weightsOf } from './publisher.ts';

type BlobName = { sha256: string; size: number };

let edge: LocalEdge;
let ada: TestPublisher;
let bob: TestPublisher;
let root: TestPublisher;
beforeAll(async () => {
  edge = await serveForTest();
  ada = await testPublisher(edge, 'ada');
  bob = await testPublisher(edge, 'bob');
  root = await testPublisher(edge, 'root', 'administrator');
});
afterAll(() => edge.close());

const style = (name: string, weights: BlobName, change: Partial<StyleManifest> = {}) =>
  styleOf({ name, blobs: { weights, plugin: null, previews: [] }, ...change });
const status = async (path: string) => (await fetch(edge.url + path)).status;
const codeOf = async (answer: Promise<Response>) => (await (await answer).json()).code;

describe('uploads in parts', () => {
  test('are continued where they broke off, and become the blob that was told', async () => {
    const bytes = Uint8Array.from(randomBytes(PART_BYTES + 5));
    const sha256 = await digestOf(bytes);
    const begin = async () => (await ada.send('POST', '/v1/uploads', { sha256, size: bytes.length })).json();
    const upload = await begin();
    expect(upload).toMatchObject({
      partSize: PART_BYTES,
      parts: [
        { part: 1, size: PART_BYTES, stored: false },
        { part: 2, size: 5, stored: false },
      ],
    });
    const put = (part: number, body: Uint8Array<ArrayBuffer>, by = ada) =>
      by.send('PUT', `/v1/uploads/${upload.id}/${part}`, body);
    expect((await put(2, bytes.slice(PART_BYTES))).status).toBe(200);
    expect(await codeOf(put(1, bytes.slice(0, 9)))).toBe('registry/invalid');
    expect(await codeOf(put(3, bytes.slice(0, 9)))).toBe('registry/invalid');
    expect(await codeOf(put(1, bytes.slice(0, PART_BYTES), bob))).toBe('registry/not-found');
    const complete = () => ada.send('POST', `/v1/uploads/${upload.id}/complete`, {});
    expect(await codeOf(complete())).toBe('registry/invalid');
    const continued = await begin();
    expect(continued.id).toBe(upload.id);
    expect(continued.parts.map(({ stored }: { stored: boolean }) => stored)).toEqual([false, true]);
    expect((await put(1, bytes.slice(0, PART_BYTES))).status).toBe(200);
    expect((await complete()).status).toBe(201);
    const stored = await (await fetch(`${edge.url}/v1/blobs/${sha256}`)).arrayBuffer();
    expect(await digestOf(new Uint8Array(stored))).toBe(sha256);
    expect(await codeOf(complete())).toBe('registry/not-found');
    expect(await begin()).toMatchObject({ stored: 'present' });
  });

  test('of other bytes than were told are refused and gone', async () => {
    const sha256 = await digestOf(bytesOf('told'));
    const { id } = await (await ada.send('POST', '/v1/uploads', { sha256, size: 6 })).json();
    await ada.send('PUT', `/v1/uploads/${id}/1`, 'forged');
    expect(await codeOf(ada.send('POST', `/v1/uploads/${id}/complete`, {}))).toBe('registry/digest');
    expect((await ada.send('GET', `/v1/uploads/${id}`)).status).toBe(404);
    expect(await status(`/v1/blobs/${sha256}`)).toBe(404);
  });

  test('are as many at once as the quota says, and are given up on demand or by the clock', async () => {
    const begin = (index: number) =>
      bob.send('POST', '/v1/uploads', { sha256: index.toString(16).padStart(64, '0'), size: 6 });
    const answers = await Promise.all(
      Array.from({ length: MAX_OPEN_UPLOADS + 2 }, (_, index) => begin(index)),
    );
    const refused = answers.filter((answer) => answer.status !== 201);
    expect(refused).toHaveLength(2);
    expect(await codeOf(Promise.resolve(refused[0]!))).toBe('registry/quota');
    const { id } = await answers.find((answer) => answer.status === 201)!.json();
    expect((await bob.send('DELETE', `/v1/uploads/${id}`)).status).toBe(204);
    expect((await begin(99)).status).toBe(201);
    const { uploads } = await collect(storesFromNode(), new Date(Date.now() + UPLOAD_LIFETIME_MS + 1000));
    expect(uploads).toBe(MAX_OPEN_UPLOADS);
  });
});

describe('withdrawal', () => {
  test('a yanked version hides until it is taken back, for owners and administrators only', async () => {
    const weights = await ada.put(weightsOf(1));
    await ada.submit(style('yanked', weights));
    const path = '/v1/styles/yanked/1.0.0/yank';
    const reason = { reason: 'Too loud' };
    expect(await codeOf(bob.send('PUT', path, reason))).toBe('registry/not-owner');
    expect(await (await ada.send('PUT', path, reason)).json()).toEqual({ outcome: 'changed' });
    expect(await (await ada.send('PUT', path, reason)).json()).toEqual({ outcome: 'unchanged' });
    expect(await status('/v1/styles/yanked')).toBe(404);
    expect(await status('/v1/styles/yanked/1.0.0')).toBe(200);
    expect(await (await root.send('DELETE', path)).json()).toEqual({ outcome: 'changed' });
    expect(await status('/v1/styles/yanked')).toBe(200);
    const { entries } = await (await ada.send('GET', '/v1/audit?limit=2')).json();
    expect(entries).toMatchObject([
      { actor: 'root', action: 'style.unyank', subject: 'yanked' },
      { actor: 'ada', action: 'style.yank', detail: { version: '1.0.0', reason: 'Too loud' } },
    ]);
  });

  test('a takedown hides a version and the blobs that no other uses; both come back', async () => {
    const [alone, shared] = [await ada.put(weightsOf(2)), await ada.put(weightsOf(3))];
    const two = { weights: alone, moreWeights: [shared], plugin: null, previews: [] };
    await ada.submit(style('felled', alone, { blobs: two }));
    await ada.submit(style('stands', shared));
    const path = '/v1/styles/felled/1.0.0/takedown';
    expect(await codeOf(ada.send('PUT', path, { reason: 'mine' }))).toBe('auth/scope');
    expect((await root.send('PUT', path, { reason: 'A court’s order' })).status).toBe(200);
    expect(await status('/v1/styles/felled')).toBe(404);
    expect(await status('/v1/styles/felled/1.0.0')).toBe(451);
    expect(await status(`/v1/blobs/${alone.sha256}`)).toBe(451);
    expect(await status(`/v1/blobs/${shared.sha256}`)).toBe(200);
    // Nor does it come in by another door.
    const again = ada.send('PUT', `/v1/blobs/${alone.sha256}`, weightsOf(2), {
      'content-type': 'application/octet-stream',
    });
    expect((await again).status).toBe(451);
    expect((await ada.submit(style('felled-2', alone))).status).toBeGreaterThanOrEqual(400);
    await runScheduled(storesFromNode());
    expect((await root.send('DELETE', path)).status).toBe(200);
    expect(await status('/v1/styles/felled/1.0.0')).toBe(200);
    expect(await status(`/v1/blobs/${alone.sha256}`)).toBe(200);
  });

  test('a takedown that was interrupted before its bytes were put aside is finished by the clock', async () => {
    const blob = await ada.put(weightsOf(4));
    await ada.submit(style('half-felled', blob));
    const dies = storesFromNode({ withhold: () => Promise.reject(new Error('ended')) });
    const felling = { name: 'half-felled', version: '1.0.0', actor: 'root', isAdministrator: true };
    await expect(takeDown(dies, felling, 'A court’s order')).rejects.toThrow('ended');
    // Reading a blob asks storage alone.
    expect(await status('/v1/styles/half-felled/1.0.0')).toBe(451);
    expect(await status(`/v1/blobs/${blob.sha256}`)).toBe(200);
    await runScheduled(storesFromNode());
    expect(await status(`/v1/blobs/${blob.sha256}`)).toBe(451);
    await runScheduled(storesFromNode());
    expect(await restoreVersion(edge.stores, felling)).toBe('changed');
    expect(await status(`/v1/blobs/${blob.sha256}`)).toBe(200);
    const stored = await (await fetch(`${edge.url}/v1/blobs/${blob.sha256}`)).arrayBuffer();
    expect(await digestOf(new Uint8Array(stored))).toBe(blob.sha256);
  });

  test('owners are added and removed, but never the last', async () => {
    const weights = await ada.put(weightsOf(1));
    await ada.submit(style('shared-name', weights));
    const path = '/v1/styles/shared-name/owners';
    expect(await codeOf(bob.send('PUT', `${path}/bob`))).toBe('registry/not-owner');
    expect(await codeOf(ada.send('PUT', `${path}/nobody`))).toBe('registry/not-found');
    expect(await (await ada.send('PUT', `${path}/bob`)).json()).toEqual({ owners: ['ada', 'bob'] });
    expect((await bob.submit(style('shared-name', weights, { version: '1.1.0' }))).status).toBe(201);
    await bob.send('DELETE', `${path}/ada`);
    expect(await codeOf(bob.send('DELETE', `${path}/bob`))).toBe('registry/conflict');
    expect((await ada.submit(style('shared-name', weights, { version: '1.2.0' }))).status).toBe(403);
  });
});

/** The stores as Node reaches them; R2's streams are the runtime's own, so blobs are put whole here. */
function storesFromNode(change: Partial<PublishingStores['blobs']> = {}): PublishingStores {
  return { ...edge.stores, blobs: { ...edge.stores.blobs, ...change } };
}

/** A time at which everything stored until now has been there for longer than the grace time. */
const afterGrace = () => new Date(Date.now() + GRACE_MS + 60_000);

describe('collection', () => {
  test('removes what no version uses after the grace time, and nothing else', async () => {
    const [used, unused] = [await ada.put(weightsOf(10)), await ada.put(weightsOf(11))];
    await ada.submit(style('kept', used));
    await ada.send('PUT', '/v1/styles/kept/1.0.0/yank', { reason: 'still there' });
    await collect(storesFromNode());
    expect(await status(`/v1/blobs/${unused.sha256}`)).toBe(200);
    await collect(storesFromNode(), afterGrace());
    expect(await status(`/v1/blobs/${used.sha256}`)).toBe(200);
    expect(await status(`/v1/blobs/${unused.sha256}`)).toBe(404);
    expect(await ada.put(weightsOf(11))).toEqual(unused);
  });

  test('sign-ins that have ended go with it', async () => {
    await addSession(edge, 'ada', -1);
    const sessions = () => edge.stores.database.prepare('SELECT count(*) AS n FROM sessions').first();
    expect(await sessions()).toEqual({ n: 1 });
    await runScheduled(storesFromNode());
    expect(await sessions()).toEqual({ n: 0 });
  });

  test('a blob whose storing was interrupted after its bytes came is good enough to publish', async () => {
    const blob = await ada.put(weightsOf(20));
    const { database } = edge.stores;
    await database.prepare('UPDATE blobs SET stored_at = NULL WHERE sha256 = ?').bind(blob.sha256).run();
    expect((await ada.submit(style('interrupted', blob))).status).toBe(201);
    const row = database.prepare('SELECT stored_at FROM blobs WHERE sha256 = ?').bind(blob.sha256);
    expect(await row.first()).toEqual({ stored_at: expect.stringMatching(/^\d{4}-/) });
  });

  test('a blob that is wanted again before it is marked survives', async () => {
    const blob = await ada.put(weightsOf(12));
    await edge.stores.database.prepare("UPDATE blobs SET touched_at = '2026-01-01'").run();
    await ada.put(weightsOf(12));
    await collect(storesFromNode());
    expect(await status(`/v1/blobs/${blob.sha256}`)).toBe(200);
  });

  test('a publish and a put that come between mark and removal are refused, and end well when they come again', async () => {
    const blob = await ada.put(weightsOf(13));
    const between: string[] = [];
    const stores = storesFromNode({
      async remove(digests) {
        if (digests.includes(blob.sha256)) {
          between.push(await codeOf(ada.submit(style('late', blob))));
          between.push(
            await codeOf(
              ada.send('PUT', `/v1/blobs/${blob.sha256}`, weightsOf(13), {
                'content-type': 'application/octet-stream',
              }),
            ),
          );
        }
        await edge.stores.blobs.remove(digests);
      },
    });
    await collect(stores, afterGrace());
    expect(between).toEqual(['registry/busy', 'registry/busy']);
    await ada.put(weightsOf(13));
    expect((await ada.submit(style('late', blob))).status).toBe(201);
    await collect(storesFromNode(), afterGrace());
    expect(await status(`/v1/blobs/${blob.sha256}`)).toBe(200);
  });

  test('a run that died with its marks set is taken over by a later one', async () => {
    const blob = await ada.put(weightsOf(14));
    const dies = storesFromNode({ remove: async () => Promise.reject(new Error('ended')) });
    await expect(collect(dies, afterGrace())).rejects.toThrow('ended');
    const later = new Date(afterGrace().getTime() + 3_600_000);
    expect((await collect(storesFromNode(), later)).blobs).toBeGreaterThan(0);
    expect(await status(`/v1/blobs/${blob.sha256}`)).toBe(404);
    expect(await ada.put(weightsOf(14))).toEqual(blob);
  });

  test('racing publishes never lose a blob of a version that was acknowledged', async () => {
    const submit = async (index: number) => {
      const bytes = weightsOf(1000 + index);
      const blob = { sha256: await digestOf(bytes), size: bytes.length };
      const stores = storesFromNode();
      const manifest = style(`racing-${index}`, blob);
      await storeBlob(stores, 'ada', { ...blob, type: 'application/octet-stream' }, () =>
        stores.blobs.put(blob.sha256, bytes, 'application/octet-stream'),
      );
      const submission = {
        publisher: 'ada',
        manifest,
        signature: await ada.sign(manifest),
        keyId: ada.keyId,
      };
      await submitStyle(stores, submission, async () => 'not-run');
      return blob.sha256;
    };
    const runs = Array.from({ length: 12 }, (_, index) =>
      index % 3 === 2 ? collect(storesFromNode(), afterGrace()).then(() => undefined) : submit(index),
    );
    const outcomes = await Promise.allSettled(runs);
    const published = outcomes.flatMap((it) => (it.status === 'fulfilled' && it.value ? [it.value] : []));
    for (const sha256 of published) expect(await status(`/v1/blobs/${sha256}`)).toBe(200);
    const dangling = edge.stores.database.prepare(
      'SELECT count(*) AS n FROM release_files f WHERE NOT EXISTS (SELECT 1 FROM blobs b WHERE b.sha256 = f.sha256)',
    );
    expect(await dangling.first()).toEqual({ n: 0 });
  });
});
