// The registry's pages over HTTP, in workerd: what they say, that nothing in them can run, and what shares of them show.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePng, encodePng } from '../../client/formats/png.ts';
import { SEAL, STYLESHEET, TOKENS } from '../../worker/pages/stylesheet.ts';
import { publishStyle } from '../../worker/registry/publish-style.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { SAMPLE_STYLE } from '../contract/sample-style.ts';
import { putBytes, putText, serveForTest } from './fixture.ts';

const HOSTILE = `"><script>alert(1)</script><img src=x onerror=alert(1)>'&amp;`;
let edge: LocalEdge;

beforeAll(async () => {
  edge = await serveForTest();
  const weights = await putText(edge, 'weights');
  // Two pictures side by side: black, then white.
  const pixels = new Uint8ClampedArray(16 * 8 * 4).map((_, at) =>
    at % 4 === 3 || (at / 4) % 16 >= 8 ? 255 : 0,
  );
  const preview = await putBytes(edge, encodePng({ width: 16, height: 8, pixels }), 'image/png');
  const broken = await putText(edge, 'no picture', 'image/png');
  const manifest = { ...SAMPLE_STYLE, blobs: { weights, plugin: null, previews: [preview] } };
  await publishStyle(edge.stores, { ...manifest, name: 'plain', title: 'Plain style' });
  await publishStyle(edge.stores, { ...manifest, name: 'plain', title: 'Plain style', version: '1.1.0' });
  await publishStyle(edge.stores, {
    ...manifest,
    name: 'brush',
    title: 'A brush',
    kind: 'embedding',
    vectors: 3,
    layers: null,
    parameters: [],
  });
  await publishStyle(edge.stores, {
    ...manifest,
    name: 'hostile',
    title: HOSTILE,
    author: HOSTILE,
    description: HOSTILE,
    licence: HOSTILE,
    triggerWords: [HOSTILE.slice(0, 60)],
    blobs: { weights, plugin: null, previews: [broken] },
  });
});
afterAll(() => edge.close());

const get = (path: string, init?: RequestInit) => fetch(edge.url + path, init);
const page = async (path: string) => (await get(path)).text();

describe('pages', () => {
  test.each([
    '/styles',
    '/styles?q=plain',
    '/styles/plain',
    '/styles/plain/1.0.0',
    '/publishers/tincture',
    '/styles/no',
  ])('%s is HTML in which nothing runs, fast to ask for again', async (path) => {
    const answer = await get(path);
    const { headers } = answer;
    expect(headers.get('content-type')).toMatch(/^text\/html; charset=utf-8$/i);
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'self'; img-src 'self';/,
    );
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe|script-src/);
    expect(headers.get('server-timing')).toMatch(/index;dur=[\d.]+, app;dur=/);
    const text = await answer.text();
    expect(text).not.toMatch(/<script|<style|<[^>]*\son\w+=/i);
    expect(text).toContain(STYLESHEET.path);
    if (answer.status !== 200)
      return expect([answer.status, text.includes('All styles')]).toEqual([404, true]);
    const again = await get(path, { headers: { 'if-none-match': headers.get('etag')! } });
    expect(again.status).toBe(304);
  });

  test('a style’s page has its facts, versions, previews, files, shares, and the three ways to use it', async () => {
    const text = await page('/styles/plain');
    for (const part of [
      '<h1>Plain style</h1>',
      'CC-BY-4.0',
      'href="/publishers/tincture"',
      'href="/styles/plain/1.0.0"',
      'href="/?style=plain"',
      'blueprint of red apple &lt;hypernet:plain:1&gt;',
      `--registry ${edge.url} --style plain:1`,
      'createWorkerEngine',
      `<meta property="og:image" content="${edge.url}/styles/plain/1.1.0/card.png">`,
      '<meta name="twitter:card" content="summary_large_image">',
      `<link rel="canonical" href="${edge.url}/styles/plain">`,
    ]) {
      expect(text).toContain(part);
    }
    expect(await page('/styles/plain/1.0.0')).toContain('another version than a plain name means');
    await edge.stores.database
      .prepare(
        "UPDATE releases SET yanked_at = '2026-01-01', yank_reason = ? WHERE name = 'plain' AND version = '1.0.0'",
      )
      .bind(HOSTILE)
      .run();
    const withdrawn = await page('/styles/plain/1.0.0');
    expect(withdrawn).toContain('This version was withdrawn: &quot;&gt;&lt;script&gt;');
    expect(withdrawn).toContain('name="robots" content="noindex"');
  });

  test('an embedding’s page tells its vectors and how its word is used, and lists tell the kinds apart', async () => {
    const text = await page('/styles/brush');
    for (const part of [
      'embedding brush 1.0.0',
      '3, as many places of the prompt as its word takes',
      'href="/?embedding=brush"',
      '<code>red apple, brush</code>',
      `--registry ${edge.url} --embedding brush`,
      'embeddings: [&#39;brush&#39;]',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toMatch(/hypernet|standard plugin|--style/);
    const listed = async (query: string) =>
      [...(await page(`/styles?${query}`)).matchAll(/href="\/styles\/([a-z]+)"/g)].map(([, name]) => name);
    expect(await listed('kind=embedding')).toEqual(['brush']);
    expect(await listed('kind=style')).not.toContain('brush');
    expect(await listed('kind=')).toContain('brush');
    expect(await page('/styles?kind=embedding')).toMatch(
      /<option value="embedding" selected>.*<h2>Embeddings<\/h2>/s,
    );
  });

  test('what publishers and readers write stays text', async () => {
    const query = encodeURIComponent(HOSTILE);
    for (const path of [
      '/styles/hostile',
      '/styles?q=hostile',
      `/styles?q=${query}`,
      `/styles?licence=${query}`,
    ]) {
      const text = await page(path);
      expect(text, path).not.toMatch(/<script|<img src=x/i);
      expect(text, path).toContain('&lt;script&gt;');
    }
  });

  test('an empty field of the form is no filter, a wrong one is told, and pages follow each other', async () => {
    expect(await page('/styles?q=&sort=&architecture=&width=&licence=')).toContain('Plain style');
    const wrong = await get('/styles?width=wide');
    expect([wrong.status, (await wrong.text()).includes('width')]).toEqual([400, true]);
    expect(await page('/styles?q=nothing-like-it')).toContain('Nothing was found');
    for (let i = 0; i < 25; i++) {
      const blobs = { weights: await putText(edge, 'weights'), plugin: null, previews: [] };
      await publishStyle(edge.stores, { ...SAMPLE_STYLE, name: `many-${i}`, title: `Many ${i}`, blobs });
    }
    const first = await page('/styles?q=many&licence=cc-by-4.0');
    const next = /rel="next" href="([^"]+)"/.exec(first)![1]!.replaceAll('&amp;', '&');
    expect(next).toContain('licence=cc-by-4.0');
    const second = await page(next);
    expect(second.match(/<li class="card/g)).toHaveLength(1);
    expect(second).not.toContain('rel="next"');
    expect(await page('/publishers/tincture')).toContain('rel="next"');
  });

  test('their files are kept for ever, and their colours are the studio’s', async () => {
    for (const { path, type } of [STYLESHEET, SEAL]) {
      const { headers, status } = await get(path);
      expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
        200,
        type,
        'public, max-age=31536000, immutable',
      ]);
    }
    expect((await get('/pages/pages-0000000000000000.css')).status).toBe(404);
    const tokens = await readFile(new URL('../../client/studio/css/tokens.css', import.meta.url), 'utf8');
    for (const [name, value] of Object.entries(TOKENS)) expect(tokens).toContain(`${name}: ${value};`);
  });
});

describe('share cards', () => {
  test('show the last picture of a sheet large, those before it beside it', async () => {
    const answer = await get('/styles/plain/1.1.0/card.png');
    const { headers } = answer;
    expect(headers.get('content-type')).toBe('image/png');
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    const { width, height, pixels } = decodePng(new Uint8Array(await answer.arrayBuffer()));
    expect([width, height]).toEqual([1200, 630]);
    const at = (x: number, y: number) => [...pixels.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)];
    expect(at(500, 324)).toEqual([255, 255, 255]);
    expect(at(900, 100)).toEqual([0, 0, 0]);
    expect(at(20, 600)).toEqual([0xe9, 0xe3, 0xd5]);
    const again = await get('/styles/plain/1.1.0/card.png', {
      headers: { 'if-none-match': headers.get('etag')! },
    });
    expect(again.status).toBe(304);
  });

  test('a preview that is no picture leaves the hatching', async () => {
    const answer = await get('/styles/hostile/1.0.0/card.png');
    expect(decodePng(new Uint8Array(await answer.arrayBuffer())).width).toBe(1200);
    expect((await get('/styles/none/1.0.0/card.png')).status).toBe(404);
  });
});
