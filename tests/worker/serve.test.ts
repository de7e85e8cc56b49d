// The local edge: seeding, what outlives a restart, ports, and that the studio's policy lets the sandbox run.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FRAME_DOCUMENT, FRAME_SCRIPT_HASH } from '../../client/plugin-host/frame-document.ts';
import { STUDIO_POLICY } from '../../worker/http/headers.ts';
import { seed } from '../../worker/local/seed.ts';
import type { VersionFacts } from '../../worker/registry/resolve.ts';
import { COMPATIBILITY_DATE, type LocalEdge } from '../../worker/serve.ts';
import { SAMPLE_STYLE } from '../contract/sample-style.ts';
import { launchChromium } from '../e2e/chromium.ts';
import { bundledFolder, type Folder, serveForTest, temporaryFolder } from './fixture.ts';

describe('seeding', () => {
  let bundled: Folder;
  let data: Folder;
  let edge: LocalEdge;
  const start = () => serveForTest({ bundledDir: bundled.path, dataDir: data.path });
  beforeAll(async () => {
    bundled = await bundledFolder();
    data = await temporaryFolder();
    edge = await start();
  });
  afterAll(async () => {
    await edge.close();
    await bundled.remove();
    await data.remove();
  });

  /** The visible versions with the times of their publication. */
  async function versions(): Promise<Record<string, string[]>> {
    const found: Record<string, string[]> = {};
    for (const path of ['styles/blueprint', 'styles/neon', 'models/tiny']) {
      const { versions: list } = await (await fetch(`${edge.url}/v1/${path}`)).json();
      found[path] = list.map((it: VersionFacts) => `${it.version} ${it.publishedAt}`);
    }
    return found;
  }

  test('is not repeated, and what changed becomes the next patch version, also after a restart', async () => {
    const first = await versions();
    expect(first).toEqual({
      'styles/blueprint': [expect.stringMatching(/^1\.0\.0 /)],
      'styles/neon': [expect.stringMatching(/^1\.0\.0 /)],
      'models/tiny': [expect.stringMatching(/^1\.0\.0 /)],
    });
    await seed(edge.stores, bundled.path);
    expect(await versions()).toEqual(first);

    await bundled.write('styles/neon.safetensors', 'better neon bytes');
    await bundled.write('checkpoint.safetensors', 'better checkpoint');
    await seed(edge.stores, bundled.path);
    const changed = await versions();
    expect(changed).toEqual({
      'styles/blueprint': first['styles/blueprint'],
      'styles/neon': [expect.stringMatching(/^1\.0\.1 /), ...first['styles/neon']!],
      'models/tiny': [expect.stringMatching(/^1\.0\.1 /), ...first['models/tiny']!],
    });

    await edge.close();
    edge = await start();
    expect(await versions()).toEqual(changed);
  });

  test('a card that breaks the rules is told with its field, and nothing of it is published', async () => {
    const { blobs: _, ...card } = SAMPLE_STYLE;
    const broken = await bundledFolder();
    await broken.write('styles/bad.style.json', JSON.stringify({ ...card, name: 'bad', title: '' }));
    await broken.write('styles/bad.safetensors', 'bytes');
    await expect(seed(edge.stores, broken.path)).rejects.toMatchObject({
      code: 'registry/invalid',
      facts: { where: 'bad.style.json title' },
    });
    await broken.remove();
    expect((await fetch(`${edge.url}/v1/styles/bad`)).status).toBe(404);
  });
});

test('another port is taken when its own is, and closing frees it', async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  const { port } = blocker.address() as { port: number };
  const edge = await serveForTest({ port });
  expect(new URL(edge.url).port).not.toBe(String(port));
  expect((await fetch(`${edge.url}/healthz`)).status).toBe(200);
  // Without the studio there is nothing but the interface.
  expect((await fetch(edge.url)).status).toBe(404);
  await edge.close();
  await expect(fetch(`${edge.url}/healthz`)).rejects.toThrow('fetch failed');
  blocker.close();
});

test('the deployed worker is configured as the local one', async () => {
  const toml = await readFile(new URL('../../wrangler.toml', import.meta.url), 'utf8');
  expect(toml).toContain(`compatibility_date = "${COMPATIBILITY_DATE}"`);
  for (const line of [
    'binding = "BLOBS"',
    'binding = "DB"',
    'binding = "ASSETS"',
    'run_worker_first = true',
  ]) {
    expect(toml).toContain(line);
  }
});

test('in Chromium the page is isolated, the sandbox runs under its policy, and other inline scripts do not', async () => {
  expect(STUDIO_POLICY).toContain(`'${FRAME_SCRIPT_HASH}'`);
  const studio = await temporaryFolder();
  await studio.write(
    'index.html',
    '<!doctype html><link rel="icon" href="data:,"><title>studio</title><script>document.title = "run"</script>',
  );
  const edge = await serveForTest({ studioDir: studio.path });
  const browser = await launchChromium({ origin: edge.url });
  const page = await browser.newPage('/');
  expect(await page.title()).toBe('studio');
  expect(await page.evaluate('crossOriginIsolated')).toBe(true);
  // What the plugin host does, with a program that compiles the smallest WebAssembly module and says so.
  const program =
    '(port) => { new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])); port.postMessage("up"); }';
  const answer = await page.evaluate(
    ([document_, source]) =>
      new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.setAttribute('sandbox', 'allow-scripts');
        frame.srcdoc = document_!;
        frame.onload = () => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = ({ data }) => resolve(data);
          frame.contentWindow!.postMessage(source, '*', [port2]);
        };
        addEventListener('message', ({ data }) => resolve(`error: ${data}`));
        document.body.append(frame);
      }),
    [FRAME_DOCUMENT, program],
  );
  await browser.close();
  await edge.close();
  await studio.remove();
  expect(answer).toBe('up');
  expect(browser.errors.join('\n')).toContain('Executing inline script violates');
});
