// Errors of R2 and D1 at every call of the publish path, in workerd: nothing acknowledged is lost, nothing is half visible, and
// the publisher's next try ends well.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeStyleFile } from '../../../client/formats/style-file.ts';
import type { StyleManifest } from '../../../plugins/contract/style.ts';
import { bundleWorker } from '../../../worker/local/bundle.ts';
import type { LocalEdge } from '../../../worker/serve.ts';
import { digestOf } from '../../../worker/storage/blob-store.ts';
import { serveForTest } from '../fixture.ts';
import { styleOf, type TestPublisher, testPublisher, weightsOf } from '../publishing/publisher.ts';
import type { FaultTime } from './faulty-stores.ts';

const BINARY = { 'content-type': 'application/octet-stream' };

let edge: LocalEdge;
let ada: TestPublisher;
let patch = 0;
beforeAll(async () => {
  edge = await serveForTest({ script: await bundleWorker(new URL('faulty-worker.ts', import.meta.url)) });
});
afterAll(() => edge.close());

interface Attempt {
  readonly manifest: StyleManifest;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly path: string;
}

/** The next version, with weights that no version had. */
async function attempt(name: string): Promise<Attempt> {
  const bytes = weightsOf(++patch);
  const weights = { sha256: await digestOf(bytes), size: bytes.length };
  const manifest = styleOf({ name, version: `1.0.${patch}`, blobs: { weights, plugin: null, previews: [] } });
  return { manifest, bytes, path: `/v1/blobs/${weights.sha256}` };
}

const putBlob = ({ path, bytes }: Attempt, headers: Record<string, string> = {}) =>
  ada.send('PUT', path, bytes, { ...BINARY, ...headers });

async function submit({ manifest }: Attempt, headers: Record<string, string> = {}): Promise<Response> {
  const body = { manifest, signature: await ada.sign(manifest), keyId: ada.keyId };
  return ada.send('POST', '/v1/styles', body, headers);
}

const versionOf = ({ manifest: { name, version } }: Attempt) =>
  fetch(`${edge.url}/v1/styles/${name}/${version}`);

/** Whole or not at all: what resolves has its bytes. */
async function isVisible(it: Attempt): Promise<boolean> {
  const answer = await versionOf(it);
  if (answer.status === 404) return false;
  expect(answer.status).toBe(200);
  expect((await answer.json()).manifest).toEqual(it.manifest);
  const bytes = await (await fetch(edge.url + it.path)).arrayBuffer();
  expect(new Uint8Array(bytes)).toEqual(it.bytes);
  return true;
}

const callsOf = (answer: Response) => Number(answer.headers.get('x-calls'));

describe.each<FaultTime>(['before', 'after'])('a call that fails %s it reached the store', (time) => {
  const faultAt = (call: number) => ({ 'x-fault-call': String(call), 'x-fault-time': time });
  const name = `faults-${time}`;
  beforeAll(async () => {
    ada = await testPublisher(edge, `ada-${time}`);
  });

  test('of a blob: the same again stores it', async () => {
    const calls = callsOf(await putBlob(await attempt(name)));
    expect(calls).toBeGreaterThanOrEqual(3);
    for (let call = 1; call <= calls; call++) {
      const it = await attempt(name);
      const failed = await putBlob(it, faultAt(call));
      if (failed.ok) expect((await fetch(edge.url + it.path)).status, `call ${call}`).toBe(200);
      else expect(failed.status, `call ${call}`).toBeGreaterThanOrEqual(500);
      const again = await putBlob(it);
      expect(again.ok, `call ${call}: ${again.status}`).toBe(true);
      expect(new Uint8Array(await (await fetch(edge.url + it.path)).arrayBuffer())).toEqual(it.bytes);
    }
  });

  test('of an upload in parts: begun again, it ends well', async () => {
    type Step = (it: Attempt, id: string, headers?: Record<string, string>) => Promise<Response>;
    const [start, part, complete]: Step[] = [
      ({ manifest, bytes }, _, headers) =>
        ada.send(
          'POST',
          '/v1/uploads',
          { sha256: manifest.blobs.weights!.sha256, size: bytes.length, type: BINARY['content-type'] },
          headers,
        ),
      ({ bytes }, id, headers) => ada.send('PUT', `/v1/uploads/${id}/1`, bytes, { ...BINARY, ...headers }),
      (_, id, headers) => ada.send('POST', `/v1/uploads/${id}/complete`, {}, headers),
    ];
    const idOf = async (answer: Response) => (await answer.json()).id as string;
    /** The steps before `step`, then that one with a fault, then all of them anew. */
    const interrupted = async (step: 0 | 1 | 2, call: number): Promise<number> => {
      const it = await attempt(name);
      const id = step === 0 ? '' : await idOf(await start!(it, ''));
      if (step === 2) expect((await part!(it, id)).ok).toBe(true);
      const failed = await [start!, part!, complete!][step]!(it, id, faultAt(call));
      if (call === 0) return callsOf(failed);
      if (!failed.ok) expect(failed.status, `step ${step}, call ${call}`).toBeGreaterThanOrEqual(500);
      const again = await start!(it, '');
      expect(again.ok, `step ${step}, call ${call}: ${again.status}`).toBe(true);
      // 200: the bytes had all arrived, and only the answer was lost.
      if (again.status === 201) {
        const { id: resumed, parts } = await again.json();
        // Only what has not arrived is sent again: parts that were joined already take no more.
        if (!parts[0].stored) {
          expect((await part!(it, resumed)).ok, `part after step ${step}, call ${call}`).toBe(true);
        }
        const done = await complete!(it, resumed);
        expect(done.ok, `end after step ${step}, call ${call}: ${await done.text()}`).toBe(true);
      }
      expect(new Uint8Array(await (await fetch(edge.url + it.path)).arrayBuffer())).toEqual(it.bytes);
      return 0;
    };
    for (const step of [0, 1, 2] as const) {
      const calls = await interrupted(step, 0);
      expect(calls).toBeGreaterThanOrEqual(2);
      for (let call = 1; call <= calls; call++) await interrupted(step, call);
    }
  });

  test('of a .style file: it is published whole or not at all', async () => {
    const post = async (it: Attempt, headers: Record<string, string> = {}) =>
      ada.send(
        'POST',
        '/v1/styles',
        writeStyleFile(it.manifest, new Map([[it.manifest.blobs.weights!.sha256, it.bytes]])),
        {
          'content-type': 'application/vnd.tincture.style',
          'tincture-signature': await ada.sign(it.manifest),
          'tincture-key': ada.keyId,
          ...headers,
        },
      );
    const calls = callsOf(await post(await attempt(name)));
    expect(calls).toBeGreaterThanOrEqual(12);
    for (let call = 1; call <= calls; call++) {
      const it = await attempt(name);
      const failed = await post(it, faultAt(call));
      const visible = await isVisible(it);
      if (failed.ok) expect(visible, `call ${call}`).toBe(true);
      else expect(failed.status, `call ${call}`).toBeGreaterThanOrEqual(500);
      expect((await post(it)).status, `call ${call}`).toBe(visible ? 200 : 201);
      expect(await isVisible(it)).toBe(true);
    }
  });

  test('of a version: it is whole or not there, and the same again publishes it', async () => {
    const first = await attempt(name);
    await putBlob(first);
    const answer = await submit(first);
    expect(answer.status, await answer.clone().text()).toBe(201);
    const calls = callsOf(answer);
    expect(calls).toBeGreaterThanOrEqual(8);
    for (let call = 1; call <= calls; call++) {
      const it = await attempt(name);
      expect((await putBlob(it)).ok).toBe(true);
      const failed = await submit(it, faultAt(call));
      const visible = await isVisible(it);
      if (failed.ok) expect(visible, `call ${call}`).toBe(true);
      else expect(failed.status, `call ${call}`).toBeGreaterThanOrEqual(500);
      const again = await submit(it);
      expect(again.status, `call ${call}: ${await again.clone().text()}`).toBe(visible ? 200 : 201);
      expect(await isVisible(it)).toBe(true);
    }
  });
});
