// Serves the newest build of a style to the studio on this computer: its bytes, and news of each build as server-sent events.
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { TinctureError } from '../../plugins/contract/error.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { PackedStyle } from './pack.ts';

/** Pages that follow at once: one studio, a few tabs. */
const MAX_FOLLOWERS = 16;
/** Keeps proxies and browsers from giving up a quiet connection. */
const HEARTBEAT_MS = 15_000;
/** Any page that knows the token may read; without it nothing is told. */
const HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-private-network': 'true',
  'cross-origin-resource-policy': 'cross-origin',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const;

export interface WatchServer {
  /** `http://localhost:PORT/TOKEN`: what the studio's `?watch=` takes. */
  readonly address: string;
  /** A build that succeeded. */
  publish(style: Pick<PackedStyle, 'bytes' | 'sha256'>): void;
  /** A build that did not: the last style stays, and followers are told why. */
  publishErrors(findings: readonly Diagnostic[]): void;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1 only; port 0 takes a free one. Throws `kit/watch` where the port is taken. */
export async function startWatchServer(port = 0): Promise<WatchServer> {
  const token = randomBytes(16).toString('hex');
  const followers = new Set<ServerResponse>();
  let style: Pick<PackedStyle, 'bytes' | 'sha256'> | undefined;
  let news: string | undefined;

  const server = createServer((request, response) => {
    const path = pathOf(request, token);
    if (path === undefined) end(response, 404);
    else if (request.method === 'OPTIONS')
      end(response, 204, { 'access-control-allow-methods': 'GET', 'access-control-max-age': '600' });
    else if (request.method !== 'GET') end(response, 405, { allow: 'GET, OPTIONS' });
    else if (path === '/style' && style !== undefined) giveStyle(style, request, response);
    else if (path === '/events') follow(response);
    else end(response, 404);
  });

  function follow(response: ServerResponse): void {
    if (followers.size >= MAX_FOLLOWERS) {
      end(response, 503, { 'retry-after': '10' });
      return;
    }
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    response.write(news ?? ': nothing is built yet\n\n');
    followers.add(response);
    response.on('close', () => followers.delete(response));
  }

  function tell(value: unknown): void {
    news = `data: ${JSON.stringify(value)}\n\n`;
    for (const follower of followers) follower.write(news);
  }

  await new Promise<void>((resolve, reject) => {
    server.on('error', (cause) =>
      reject(
        new TinctureError('kit/watch', 'the port cannot be listened on', {
          where: `127.0.0.1:${port}`,
          found: cause.message,
          fix: 'Leave --port out to take a free one.',
          cause,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const heartbeat = setInterval(() => {
    for (const follower of followers) follower.write(': still here\n\n');
  }, HEARTBEAT_MS);
  heartbeat.unref();
  const bound = server.address();
  const actual = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    address: `http://localhost:${actual}/${token}`,
    publish(next) {
      style = next;
      tell({ sha256: next.sha256 });
    },
    publishErrors: (findings) => tell({ error: findings }),
    async close() {
      clearInterval(heartbeat);
      for (const follower of followers) follower.end();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function giveStyle(
  { bytes, sha256 }: Pick<PackedStyle, 'bytes' | 'sha256'>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const etag = `"${sha256}"`;
  if (request.headers['if-none-match'] === etag) {
    end(response, 304, { etag });
    return;
  }
  response.writeHead(200, {
    ...HEADERS,
    etag,
    'access-control-expose-headers': 'etag',
    'content-type': 'application/octet-stream',
    'content-length': bytes.length,
  });
  response.end(bytes);
}

/** What follows the token in the path. A page of another site that only guesses the port, or rebinds a name to it, learns nothing. */
function pathOf({ url = '', headers }: IncomingMessage, token: string): string | undefined {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  if (host !== 'localhost' && host !== '127.0.0.1') return undefined;
  return url.startsWith(`/${token}/`) ? url.slice(token.length + 1).split('?')[0] : undefined;
}

function end(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { ...HEADERS, ...headers });
  response.end();
}
