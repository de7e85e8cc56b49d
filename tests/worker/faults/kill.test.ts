// SIGKILL at random points of publishing: no acknowledged version is lost, none is half visible, and the publisher's next try
// ends well. TINCTURE_KILLS makes it a long run.
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { StyleManifest } from '../../../plugins/contract/style.ts';
import { digestOf } from '../../../worker/storage/blob-store.ts';
import { type Folder, serveForTest, temporaryFolder } from '../fixture.ts';
import { styleOf, type TestPublisher, testPublisher, weightsOf } from '../publishing/publisher.ts';
import { type MortalEdge, startMortalEdge } from './mortal-edge.ts';

/** Each kills in the middle of publishes that run side by side. */
const KILLS = Number(process.env['TINCTURE_KILLS'] ?? 4);
/** Publishes under way at each kill: 4 kills are in the middle of 12. */
const SIDE_BY_SIDE = 3;
/** A publisher may publish 100 versions a day: each serves for so many. */
const VERSIONS_OF_ONE = 90;

interface Attempt {
  readonly publisher: TestPublisher;
  readonly manifest: StyleManifest;
  readonly bytes: Uint8Array<ArrayBuffer>;
  acknowledged: boolean;
}

let folder: Folder;
let publishers: TestPublisher[];
/** Where publishers send to: the address changes with each start. */
const target = { url: '' };
let edge: MortalEdge;
const attempts: Attempt[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  const calm = await serveForTest({ dataDir: folder.path });
  const pointed = new Proxy(calm, {
    get: (object, key) => (key === 'url' ? target.url : Reflect.get(object, key)),
  });
  publishers = [];
  const count = Math.ceil((KILLS * SIDE_BY_SIDE) / VERSIONS_OF_ONE);
  for (let i = 0; i < count; i++) {
    publishers.push(await testPublisher(pointed, `publisher-${String.fromCharCode(97 + i)}`));
  }
  await calm.close();
  edge = await startMortalEdge(inject('workerScript'), folder.path);
  target.url = edge.url;
});
afterAll(async () => {
  await edge?.kill();
  await folder?.remove();
});

/** A style of its own, so that publishes side by side do not wait for each other's version number. */
async function nextAttempt(): Promise<Attempt> {
  const index = attempts.length;
  const bytes = weightsOf(index);
  const weights = { sha256: await digestOf(bytes), size: bytes.length };
  const publisher = publishers[Math.floor(index / VERSIONS_OF_ONE)]!;
  // The side's own style, a version for each kill.
  const name = `${publisher.handle}-${String.fromCharCode(97 + (index % SIDE_BY_SIDE))}`;
  const manifest = styleOf({ name, version: `1.${index}.0`, blobs: { weights, plugin: null, previews: [] } });
  const attempt = { publisher, manifest, bytes, acknowledged: false };
  attempts.push(attempt);
  return attempt;
}

/** As a client publishes: the blob, then the version. Acknowledged means: the answer of the version has come, whole. */
async function publish(attempt: Attempt): Promise<void> {
  await attempt.publisher.put(attempt.bytes);
  const answer = await attempt.publisher.submit(attempt.manifest);
  const { outcome } = await answer.json();
  expect(answer.ok, JSON.stringify(outcome)).toBe(true);
  attempt.acknowledged = true;
}

/** The version with all its bytes, or undefined for one that is not there; anything between the two fails. */
async function seen({ manifest, bytes }: Attempt): Promise<boolean> {
  const answer = await fetch(`${target.url}/v1/styles/${manifest.name}/${manifest.version}`);
  if (answer.status === 404) return false;
  expect(answer.status).toBe(200);
  expect((await answer.json()).manifest).toEqual(manifest);
  const blob = await fetch(`${target.url}/v1/blobs/${manifest.blobs.weights!.sha256}`);
  expect(new Uint8Array(await blob.arrayBuffer())).toEqual(bytes);
  return true;
}

/** Milliseconds from the start of a publish to its answer. */
async function calmPublish(): Promise<number> {
  const began = performance.now();
  await publish(await nextAttempt());
  return performance.now() - began;
}

test(
  `${KILLS} kills in the middle of ${KILLS * SIDE_BY_SIDE} publishes`,
  async () => {
    const usual = await calmPublish();
    let interrupted = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const running = await Promise.all(Array.from({ length: SIDE_BY_SIDE }, nextAttempt));
      const ends = Promise.allSettled(running.map(publish));
      // From the very beginning to a little beyond the time that a publish takes; more often early, for later ones are faster.
      const share = ((kill + Math.random()) / KILLS) ** 2;
      await new Promise((resolve) => setTimeout(resolve, kill === 0 ? 0 : share * usual * 1.2));
      await edge.kill();
      await ends;
      edge = await startMortalEdge(inject('workerScript'), folder.path);
      target.url = edge.url;
      for (const attempt of running) {
        const visible = await seen(attempt);
        if (attempt.acknowledged) expect(visible, attempt.manifest.version).toBe(true);
        else interrupted++;
        await publish(attempt);
        expect(await seen(attempt)).toBe(true);
      }
    }
    // Whatever was acknowledged at any time outlived all later kills.
    for (const attempt of attempts) expect(await seen(attempt)).toBe(true);
    // A run that interrupted nothing has shown nothing.
    expect(interrupted).toBeGreaterThan(0);
    if (process.env['TINCTURE_KILLS'] !== undefined) {
      console.log(`${interrupted} of ${KILLS * SIDE_BY_SIDE} publishes were interrupted`);
    }
  },
  KILLS * 120_000,
);
