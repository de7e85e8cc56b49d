// Following a kit on this computer: which addresses are taken, and what its news become.
import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { EventSourceLike, WatchNews } from '../../client/studio/state/watch.ts';
import { watch, watchAddress } from '../../client/studio/state/watch.ts';

describe('watchAddress', () => {
  it('takes this computer’s addresses only', () => {
    expect(watchAddress('')).toBeUndefined();
    expect(watchAddress('?watch=http://localhost:4000/abc')).toBe('http://localhost:4000/abc');
    expect(watchAddress('?watch=http%3A%2F%2F127.0.0.1%3A4000%2Fabc%2F')).toBe('http://127.0.0.1:4000/abc');
  });

  it.each([
    'http://example.org/abc',
    'http://localhost.example.org/abc',
    'http://localhost@example.org/abc',
    'http://user@localhost/abc',
    'https://localhost/abc',
    'http://localhost/abc?x=1',
    'javascript:alert(1)',
    'nonsense',
  ])('refuses %s', (address) => {
    expect(() => watchAddress(`?watch=${encodeURIComponent(address)}`)).toThrow(/only this computer/);
  });
});

describe('watch', () => {
  const bytes = new TextEncoder().encode('a style');
  const sha256 = createHash('sha256').update(bytes).digest('hex');

  function watching(answer: () => Response = () => new Response(bytes)) {
    const source: EventSourceLike = { onopen: null, onerror: null, onmessage: null, close: vi.fn() };
    const open = vi.fn(() => source);
    const fetch = vi.fn(async () => answer());
    const news: WatchNews[] = [];
    const stop = watch('http://localhost:1/t', (it) => news.push(it), { open, fetch });
    const send = (data: unknown) => source.onmessage?.({ data: JSON.stringify(data) });
    return { source, open, fetch, news, stop, send };
  }

  it('a build is fetched and handed on once its digest is right', async () => {
    const { open, fetch, news, send } = watching();
    expect(open).toHaveBeenCalledWith('http://localhost:1/t/events');
    send({ sha256 });
    await vi.waitFor(() => expect(news).toHaveLength(1));
    expect(fetch).toHaveBeenCalledWith('http://localhost:1/t/style');
    const [told] = news;
    expect(told?.kind === 'built' && (await told.file.text())).toBe('a style');
  });

  it('another build’s bytes are left to its own news', async () => {
    const { fetch, news, send } = watching(() => new Response('newer'));
    send({ sha256 });
    await vi.waitFor(() => expect(fetch).toHaveBeenCalled());
    await new Promise((resolve) => setTimeout(resolve));
    expect(news).toEqual([]);
  });

  it('errors come as lines, a kit that is gone as lost, and nonsense not at all', () => {
    const { source, news, send } = watching();
    send({ error: ['plain', { file: 'assembly/index.ts', line: 3, message: 'wrong' }] });
    source.onerror?.();
    send({ other: 1 });
    source.onmessage?.({ data: '{' });
    expect(news).toEqual([
      { kind: 'errors', findings: ['plain', 'assembly/index.ts:3: wrong'] },
      { kind: 'lost' },
    ]);
  });

  it('tells when the style is refused, and nothing after it was stopped', async () => {
    const failing = watching(() => new Response(null, { status: 404 }));
    failing.send({ sha256 });
    await vi.waitFor(() => expect(failing.news).toHaveLength(1));
    expect(failing.news[0]).toMatchObject({ kind: 'fault', thrown: { code: 'studio/watch' } });

    const stopped = watching();
    stopped.send({ sha256 });
    stopped.stop();
    await vi.waitFor(() => expect(stopped.fetch).toHaveBeenCalled());
    await new Promise((resolve) => setTimeout(resolve));
    expect(stopped.news).toEqual([]);
    expect(stopped.source.close).toHaveBeenCalled();
  });
});
