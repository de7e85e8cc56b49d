// Publishing from the command line to a real edge: publish, search, pull, yank, owner; and that it goes on after failures.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryCache } from '../../client/cache/memory.ts';
import { UsageError } from '../../client/cli/command.ts';
import { create } from '../../client/cli/new.ts';
import { owner } from '../../client/cli/owner.ts';
import { publish } from '../../client/cli/publish.ts';
import { pull } from '../../client/cli/pull.ts';
import { search } from '../../client/cli/search.ts';
import { ensureSigningKey } from '../../client/cli/signing-key.ts';
import { yank } from '../../client/cli/yank.ts';
import { Embeddings } from '../../client/engine/embeddings.ts';
import { nodePlatform } from '../../client/engine/platform-node.ts';
import { findStyle } from '../../client/engine/style-source.ts';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { encodePng } from '../../client/formats/png.ts';
import { storeFloat32, writeSafetensors } from '../../client/formats/safetensors.ts';
import { openStyleFile, writeStyleFile } from '../../client/formats/style-file.ts';
import { createPublishing, type PublishProgress, SINGLE_BYTES } from '../../client/registry/publishing.ts';
import { createRegistry } from '../../client/registry/registry.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { digestOf } from '../../worker/storage/blob-store.ts';
import { SAMPLE_STYLE } from '../contract/sample-style.ts';
import { type Folder, serveForTest, temporaryFolder } from '../worker/fixture.ts';
import { testPublisher } from '../worker/publishing/publisher.ts';
import { tincture } from './run.ts';

const COMMANDS = { publish, search, pull, yank, owner };

/** Runs a command in this process, without Node's start; gives what it prints. */
async function run(name: keyof typeof COMMANDS, ...args: string[]): Promise<string> {
  const lines: string[] = [];
  await COMMANDS[name].run(args, { out: (text) => lines.push(text), note: () => {} });
  return lines.join('\n');
}
const runJson = async (...args: Parameters<typeof run>) => JSON.parse(await run(...args, '--json'));

const STYLES = new URL('../../client/default-model/styles/', import.meta.url);

let edge: LocalEdge;
let folder: Folder;
let token: string;
const before = { ...process.env };
beforeAll(async () => {
  edge = await serveForTest();
  folder = await temporaryFolder();
  process.env['TINCTURE_CONFIG'] = join(folder.path, 'config');
  process.env['TINCTURE_REGISTRY'] = edge.url;
  const ada = await testPublisher(edge, 'ada');
  await testPublisher(edge, 'bob');
  token = ada.token;
  process.env['TINCTURE_TOKEN'] = token;
  const key = await ensureSigningKey();
  await edge.stores.database
    .prepare('INSERT INTO signing_keys (id, publisher, public_key, name, created_at) VALUES (?, ?, ?, ?, ?)')
    .bind(key.id, 'ada', key.publicKey, 'cli', new Date().toISOString())
    .run();
});
afterAll(async () => {
  process.env = before;
  await edge.close();
  await folder.remove();
});

const inFolder = (name: string) => join(folder.path, name);
const card = async (change: object) => {
  const { layers: _, ...rest } = JSON.parse(await readFile(new URL('blueprint.style.json', STYLES), 'utf8'));
  await writeFile(inFolder('card.json'), JSON.stringify({ ...rest, ...change }));
  return inFolder('card.json');
};
const pt = new URL('blueprint.pt', STYLES).pathname;
/** What `train` writes into a card. */
const TRAINING = { pictures: 20, steps: 500, batch: 4, rates: '5e-5:100, 1e-5', base: 'pictograms' };

test('a hypernetwork with a card is published, found, pulled as the same style, and published no second time', async () => {
  const args: [keyof typeof COMMANDS, ...string[]] = [
    'publish' as const,
    pt,
    '--card',
    await card({ name: 'drafted', training: TRAINING }),
    '--preview',
    new URL('blueprint.png', STYLES).pathname,
  ];
  const rehearsed = await runJson(...args, '--dry-run');
  expect(rehearsed).toMatchObject({ outcome: 'not-sent', name: 'drafted' });
  expect(rehearsed['blobs']).toMatchObject([{ stored: false }, { stored: false, type: 'image/png' }]);
  expect(await runJson(...args)).toMatchObject({
    outcome: 'published',
    name: 'drafted',
    version: '1.0.0',
    url: `${edge.url}/v1/styles/drafted/1.0.0`,
  });
  expect(await runJson('search', 'line-art', 'drafted')).toEqual({
    styles: [expect.objectContaining({ name: 'drafted', contextWidth: 96 })],
    more: false,
  });
  const output = inFolder('pulled.style');
  await runJson('pull', 'drafted@^1', '--output', output);
  const pulled = await openStyleFile(bytesSource('pulled', await readFile(output)));
  expect(pulled.manifest).toMatchObject({ name: 'drafted', title: 'Blueprint', training: TRAINING });
  expect(await runJson('publish', output)).toMatchObject({ outcome: 'unchanged' });
});

test('an embedding is published, found by its kind, pulled, and opened by the engine by its name and as a file', async () => {
  const brush = 'tests/golden/embeddings/brush.pt';
  const base = { architecture: 'stable-diffusion-v1', contextWidth: 24 };
  const args = [
    'publish',
    brush,
    '--card',
    await card({ name: 'soft-brush', base, parameters: [] }),
  ] as const;
  expect(await runJson(...args)).toMatchObject({ outcome: 'published', name: 'soft-brush' });
  expect(await runJson(...args)).toMatchObject({ outcome: 'unchanged' });
  const found = await runJson('search', 'brush', '--kind', 'embedding');
  expect(found.styles).toMatchObject([{ name: 'soft-brush', kind: 'embedding', contextWidth: 24 }]);
  expect((await runJson('search', 'brush', '--kind', 'style')).styles).toEqual([]);
  const output = inFolder('soft-brush.style');
  await runJson('pull', 'soft-brush', '--output', output);

  const platform = nodePlatform();
  const registry = createRegistry(edge.url, { cache: memoryCache() });
  const finding = { platform, registry, signal: undefined, onProgress: undefined };
  const embeddings = new Embeddings(finding);
  const opened = await embeddings.prepare(['soft-brush', output, brush], new AbortController().signal);
  expect(opened.map(({ name, words, count }) => ({ name, words, count }))).toEqual([
    { name: 'soft-brush', words: ['soft-brush', 'brush'], count: 3 },
    { name: 'soft-brush', words: ['soft-brush', 'brush'], count: 3 },
    { name: 'brush', words: ['brush'], count: 3 },
  ]);
  for (const { vectorsFor } of opened) expect(vectorsFor(24)).toEqual(opened[2]!.vectorsFor(24));
  const [locked] = (await (await fetch(`${edge.url}/v1/resolve?style=soft-brush@^1`)).json()).styles;
  expect(locked.files.weights.sha256.slice(0, 12)).toBe(opened[0]!.hash);
  await expect(findStyle('soft-brush', { folder: undefined }, finding, undefined)).rejects.toThrow(
    /this is an embedding, not a style/,
  );
  await expect(embeddings.prepare(['drafted'], new AbortController().signal)).rejects.toThrow(
    /this is a style, not an embedding/,
  );
});

test('an author’s folder is built, packed and published, and pulled with its plugin and weights', async () => {
  const project = inFolder('first-steps');
  await create.run([project, '--template', 'hypernetwork'], { out: () => {}, note: () => {} });
  expect(await runJson('publish', project)).toMatchObject({
    outcome: 'published',
    name: 'first-steps',
    url: `${edge.url}/v1/styles/first-steps/0.1.0`,
  });
  const output = inFolder('first-steps.style');
  await runJson('pull', 'first-steps', '--output', output);
  const { manifest, blob } = await openStyleFile(bytesSource('pulled', await readFile(output)));
  const { weights, plugin } = manifest.blobs;
  expect(plugin).not.toBeNull();
  const sent = await readFile(join(project, 'weights', 'style.safetensors'));
  expect(await blob(weights!.sha256).read(0, weights!.size)).toEqual(new Uint8Array(sent));
  const answer = await (await fetch(`${edge.url}/v1/styles/first-steps/0.1.0`)).json();
  expect(answer).toMatchObject({ publisher: 'ada', trial: 'passed' });
  await writeFile(join(project, 'card.json'), '{}');
  await expect(run('publish', project)).rejects.toMatchObject({ code: 'kit/card' });
  await expect(run('publish', inFolder('config'))).rejects.toMatchObject({ code: 'kit/project' });
});

test('what training writes as a .style is published as it is, and drawn from by its name', async () => {
  const gray = new Uint8ClampedArray(64 * 64 * 4).fill(160);
  await folder.write('pictures/gray square.png', encodePng({ width: 64, height: 64, pixels: gray }));
  const output = inFolder('gray-ink.style');
  const { code, stderr } = await tincture(
    'train', 'hypernetwork', '--data', inFolder('pictures'), '--model', 'tests/golden/sd-tiny', '--output', output,
    '--steps', '1', '--author', 'Ada', '--licence', 'CC0-1.0', '--preview-seeds', '3', '--json',
  ); // biome-ignore format: pairs
  expect(code, stderr).toBe(0);
  expect(await runJson('publish', output)).toMatchObject({ outcome: 'published', name: 'gray-ink' });
  const answer = await (await fetch(`${edge.url}/v1/styles/gray-ink/1.0.0`)).json();
  expect(answer).toMatchObject({ publisher: 'ada', previews: [expect.anything()] });
  const page = await (await fetch(`${edge.url}/styles/gray-ink/1.0.0`)).text();
  expect(page).toContain('1 picture, 1 step of 1 at 5e-5, over sd-tiny');
  const picture = inFolder('gray.png');
  const drawn = await tincture(
    'generate', 'gray square', '--model', 'tests/golden/sd-tiny', '--registry', edge.url, '--style', 'gray-ink', '--steps', '1',
    '--output', picture, '--json',
  ); // biome-ignore format: pairs
  expect(drawn.code, drawn.stderr).toBe(0);
  expect((await readFile(picture)).subarray(1, 4).toString()).toBe('PNG');
});

test('a version is hidden and shown again, owners are added and removed', async () => {
  const hidden = await runJson('yank', 'drafted@1.0.0', '--reason', 'wrong colours');
  expect(hidden).toEqual({ name: 'drafted', version: '1.0.0', yanked: true, outcome: 'changed' });
  expect(await runJson('search', 'drafted')).toMatchObject({ styles: [] });
  await runJson('yank', 'drafted@1.0.0', '--undo');
  expect(await runJson('owner', 'add', 'drafted', 'bob')).toEqual({
    name: 'drafted',
    owners: ['ada', 'bob'],
  });
  expect(await run('owner', 'remove', 'drafted', 'bob')).toBe('ada');
});

test('refusals exit with 1 in the registry’s words, wrong usage with 2', async () => {
  const refused = await tincture('publish', pt, '--card', await card({ name: 'drafted', title: 'Changed' }));
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/published with other content.*publish under a new version/is);
  const wrong: Parameters<typeof run>[] = [
    ['publish'],
    ['publish', pt],
    ['yank', 'drafted'],
    ['owner', 'add', 'drafted'],
    ['pull'],
  ];
  for (const args of wrong) await expect(run(...args)).rejects.toThrow(UsageError);
});

/** A style of two parts, always with other bytes. */
async function largeStyle(name: string) {
  const values = new Float32Array(Uint8Array.from(randomBytes(SINGLE_BYTES + 4096)).buffer);
  const weights = writeSafetensors(new Map([['x', storeFloat32(tensor([values.length], values))]]));
  const manifest = {
    ...SAMPLE_STYLE,
    name,
    blobs: { weights: { sha256: await digestOf(weights), size: weights.length }, plugin: null, previews: [] },
  };
  const file = writeStyleFile(manifest, new Map([[manifest.blobs.weights.sha256, weights]]));
  return openStyleFile(bytesSource(name, file));
}

test('a large style goes in parts; a broken connection and a busy registry are waited out, and an abort is continued', async () => {
  const style = await largeStyle('large');
  const signer = await ensureSigningKey();
  const seen: string[] = [];
  const failures = new Map<string, () => Response>([
    [
      'PUT /2',
      () => {
        throw new TypeError('broken');
      },
    ],
    ['POST /complete', () => new Response('{}', { status: 503 })],
  ]);
  const flaky: typeof fetch = async (input, init) => {
    const request = `${init?.method ?? 'GET'} /${String(input).split('/').at(-1)}`;
    seen.push(request);
    const failure = failures.get(request);
    failures.delete(request);
    return failure === undefined ? fetch(input, init) : failure();
  };
  const publishing = createPublishing(edge.url, { token, fetch: flaky, pause: async () => {} });
  // Ended after the first part.
  const abort = new AbortController();
  const stop = ({ stage, done }: PublishProgress) => {
    if (stage === 'uploading' && done > 0) abort.abort(new Error('stopped'));
  };
  await expect(publishing.publish(style, signer, { signal: abort.signal, onProgress: stop })).rejects.toThrow(
    'stopped',
  );
  expect(seen.filter((it) => it === 'PUT /1')).toHaveLength(1);
  const stages = new Set<string>();
  const result = await publishing.publish(style, signer, { onProgress: ({ stage }) => stages.add(stage) });
  expect(result).toMatchObject({ outcome: 'published', name: 'large' });
  expect([...stages].sort()).toEqual(['looking', 'publishing', 'uploading', 'waiting']);
  // The part that had arrived was not sent twice; the one that broke was.
  expect(seen.filter((it) => it === 'PUT /1')).toHaveLength(1);
  expect(seen.filter((it) => it === 'PUT /2')).toHaveLength(2);
  expect(seen.filter((it) => it === 'POST /complete')).toHaveLength(2);
});

test('parts go to storage by their own URLs; where it cannot be reached, all go through the registry', async () => {
  const arrived: { path: string; bytes: number; credentials: unknown }[] = [];
  let broken = false;
  // Stands where the bucket's address would be.
  const storage = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => {
      arrived.push({ path: request.url!, bytes, credentials: request.headers.authorization });
      if (broken) request.socket.destroy();
      else response.writeHead(200, { etag: '"the-etag"' }).end();
    });
  });
  await once(storage.listen(0, '127.0.0.1'), 'listening');
  const address = `http://127.0.0.1:${(storage.address() as AddressInfo).port}`;
  const completions: unknown[] = [];
  const throughRegistry: string[] = [];
  /** The edge with URLs for parts, as where it has keys of a bucket; what it is told of parts there it cannot find. */
  const withUrls: typeof fetch = async (input, init) => {
    const { pathname, origin } = new URL(String(input));
    const last = pathname.split('/').at(-1)!;
    if (origin === edge.url && init?.method === 'PUT') throughRegistry.push(last);
    if (last === 'complete') completions.push(JSON.parse(String(init?.body)));
    const answer = await fetch(input, init);
    if (pathname !== '/v1/uploads' || answer.status !== 201) return answer;
    const upload = await answer.json();
    const parts = upload.parts.map((it: { part: number }) => ({ ...it, url: `${address}/${it.part}` }));
    return Response.json({ ...upload, parts }, { status: 201 });
  };
  try {
    const publishing = createPublishing(edge.url, { token, fetch: withUrls, pause: async () => {} });
    const signer = await ensureSigningKey();
    const style = await largeStyle('direct');
    await expect(publishing.publish(style, signer)).rejects.toMatchObject({
      problemCode: 'registry/invalid',
    });
    expect(arrived).toEqual([
      { path: '/1', bytes: SINGLE_BYTES, credentials: undefined },
      { path: '/2', bytes: expect.any(Number), credentials: undefined },
    ]);
    expect(throughRegistry).toEqual([]);
    expect(completions).toEqual([{ parts: [1, 2].map((part) => ({ part, etag: 'the-etag' })) }]);

    broken = true;
    await expect(publishing.publish(style, signer)).resolves.toMatchObject({ outcome: 'published' });
    // After the first failure nothing more is tried there.
    expect(arrived.slice(2)).toMatchObject([{ path: '/1' }]);
    expect(throughRegistry).toEqual(['1', '2']);
    expect(completions.at(-1)).toEqual({ parts: [] });
  } finally {
    storage.close();
  }
});
