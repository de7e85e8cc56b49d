// The watch server: who may read, what is told, and that a saved file becomes the next build.
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { placeless } from '../../client/kit/diagnostics.ts';
import { createProject } from '../../client/kit/new.ts';
import { withTemporaryFolder } from '../../client/kit/temporary.ts';
import { type BuildNews, watchFolder } from '../../client/kit/watch-folder.ts';
import { startWatchServer, type WatchServer } from '../../client/kit/watch-server.ts';

let server: WatchServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const STYLE = { bytes: new Uint8Array([1, 2, 3]), sha256: 'ab'.repeat(32) };

/** The next `data:` of a stream of events. */
async function nextNews(reader: ReadableStreamDefaultReader<string>): Promise<unknown> {
  for (let text = ''; ; ) {
    const { value, done } = await reader.read();
    if (done) throw new Error('the stream ended');
    text += value;
    const data = /^data: (.*)\n\n/m.exec(text)?.[1];
    if (data !== undefined) return JSON.parse(data);
  }
}

test('the newest build, by its token and from this computer only', async () => {
  server = await startWatchServer();
  const { address } = server;
  expect(address).toMatch(/^http:\/\/localhost:\d+\/[0-9a-f]{32}$/);
  const local = address.replace('localhost', '127.0.0.1');
  expect((await fetch(`${local}/style`)).status).toBe(404);
  server.publish(STYLE);
  const answer = await fetch(`${local}/style`);
  expect([answer.status, answer.headers.get('etag'), answer.headers.get('access-control-allow-origin')]).toEqual([
    200, `"${STYLE.sha256}"`, '*',
  ]); // biome-ignore format: one line
  expect(new Uint8Array(await answer.arrayBuffer())).toEqual(STYLE.bytes);
  const again = await fetch(`${local}/style`, { headers: { 'if-none-match': `"${STYLE.sha256}"` } });
  expect(again.status).toBe(304);
  const { origin, port } = new URL(local);
  expect((await fetch(`${origin}/style`)).status).toBe(404);
  expect((await fetch(`${origin}/${'0'.repeat(32)}/style`)).status).toBe(404);
  expect((await fetch(`${local}/style`, { method: 'POST' })).status).toBe(405);
  // A name that someone points at this computer is not this computer.
  const rebound = await new Promise((resolve, reject) => {
    const { pathname } = new URL(local);
    request({ host: '127.0.0.1', port, path: `${pathname}/style`, headers: { host: 'evil.example' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject).end();
  }); // biome-ignore format: short
  expect(rebound).toBe(404);
});

test('each build is told, the last one also to who comes later', async () => {
  server = await startWatchServer();
  const local = server.address.replace('localhost', '127.0.0.1');
  server.publish(STYLE);
  const events = await fetch(`${local}/events`);
  expect(events.headers.get('content-type')).toBe('text/event-stream');
  const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect(await nextNews(reader)).toEqual({ sha256: STYLE.sha256 });
  server.publishErrors([placeless('error', 'no')]);
  expect(await nextNews(reader)).toMatchObject({ error: [{ severity: 'error', message: 'no' }] });
  // The last good build stays.
  expect((await fetch(`${local}/style`)).status).toBe(200);
  await reader.cancel();
});

test('a taken port is told', async () => {
  server = await startWatchServer();
  const { port } = new URL(server.address);
  await expect(startWatchServer(Number(port))).rejects.toThrow(/port cannot be listened on/);
});

test('a saved file becomes the next build, and a slip its error', async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'sharp');
    await createProject(path, 'procedural', []);
    const stop = new AbortController();
    const seen: BuildNews[] = [];
    let told = (): void => {};
    const keep = (news: BuildNews): void => {
      seen.push(news);
      told();
    };
    const done = watchFolder(path, keep, stop.signal);
    const next = async (count: number): Promise<BuildNews> => {
      while (seen.length < count) {
        await new Promise<void>((resolve) => {
          told = resolve;
        });
      }
      return seen[count - 1]!;
    };
    const first = await next(1);
    expect(first.style?.manifest.parameters.map(({ name }) => name)).toEqual(['strength', 'amount']);
    writeFileSync(join(path, 'assembly', 'index.ts'), 'wrong();\n');
    const second = await next(2);
    expect(second.style).toBeUndefined();
    expect(second.diagnostics[0]).toMatchObject({ file: 'assembly/index.ts', line: 1, code: 2304 });
    writeFileSync(join(path, 'card.json'), '{');
    expect((await next(3)).diagnostics[0]?.message).toMatch(/card is not JSON/);
    stop.abort();
    await done;
  });
});
