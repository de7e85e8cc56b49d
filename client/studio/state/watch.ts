// Follows a kit that watches a style's folder on this computer: each build arrives as a style file, or as its errors.
import { TinctureError } from '../../index.ts';
import { hexText } from './hex-text.ts';

/** Hosts that are this computer: a link must not make the page listen to anyone else. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1'];
/** Findings of a failed build that are shown. */
const MAX_FINDINGS = 20;

/** The address that the page's `?watch=` names, without a slash at its end; undefined without one. */
export function watchAddress(search: string): string | undefined {
  const text = new URLSearchParams(search).get('watch');
  if (text === null || text === '') return undefined;
  let url: URL | undefined;
  try {
    url = new URL(text);
  } catch {
    url = undefined;
  }
  const local =
    url !== undefined &&
    url.protocol === 'http:' &&
    LOCAL_HOSTS.includes(url.hostname) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '';
  if (url === undefined || !local) {
    throw new TinctureError('studio/watch', 'only this computer can be watched', {
      where: 'watch',
      expected: 'http://localhost:PORT/TOKEN, as `tincture watch` prints it',
      found: text.slice(0, 100),
    });
  }
  return url.href.replace(/\/$/, '');
}

/** What a watching kit tells. */
export type WatchNews =
  | { readonly kind: 'connected' }
  /** It is gone, or not there yet; the connection is tried again by itself. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'built'; readonly file: File }
  | { readonly kind: 'errors'; readonly findings: readonly string[] }
  | { readonly kind: 'fault'; readonly thrown: unknown };

/** As much of an EventSource as is used, so that tests can stand in for it. */
export interface EventSourceLike {
  onopen: (() => void) | null;
  onerror: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  close(): void;
}

export interface WatchHome {
  readonly open: (address: string) => EventSourceLike;
  readonly fetch: (address: string) => Promise<Response>;
}

const BROWSER: WatchHome = {
  // A page that is cross-origin isolated reaches another origin through CORS only, without credentials.
  open: (address) => new EventSource(address) as EventSourceLike,
  fetch: (address) => fetch(address, { cache: 'no-store', credentials: 'omit' }),
};

/** Listens at `address` until the returned function is called. */
export function watch(address: string, tell: (news: WatchNews) => void, home = BROWSER): () => void {
  const source = home.open(`${address}/events`);
  /** Digest of the newest build that was told of; an older one that arrives later no longer counts. */
  let newest = '';
  source.onopen = () => tell({ kind: 'connected' });
  source.onerror = () => tell({ kind: 'lost' });
  source.onmessage = ({ data }) => {
    const news = parseNews(data);
    if (news === undefined) return;
    if (news.sha256 === undefined) {
      newest = '';
      tell({ kind: 'errors', findings: news.findings });
      return;
    }
    const { sha256 } = news;
    newest = sha256;
    const current = () => newest === sha256;
    fetchStyle(address, sha256, home).then(
      (file) => {
        if (current() && file !== undefined) tell({ kind: 'built', file });
      },
      (thrown: unknown) => {
        if (current()) tell({ kind: 'fault', thrown });
      },
    );
  };
  return () => {
    newest = '';
    source.close();
  };
}

/** The style of that digest; undefined where the kit has built another meanwhile, of which it tells by itself. */
async function fetchStyle(address: string, sha256: string, home: WatchHome): Promise<File | undefined> {
  const response = await home.fetch(`${address}/style`);
  if (!response.ok) {
    throw new TinctureError('studio/watch', 'the watching kit did not give its style', {
      where: address,
      found: `HTTP ${response.status}`,
    });
  }
  const bytes = await response.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  if (hexText(digest) !== sha256) return undefined;
  return new File([bytes], 'watched.style');
}

interface News {
  readonly sha256: string | undefined;
  readonly findings: readonly string[];
}

/** An event's data, as far as it is what a kit sends. */
function parseNews(data: unknown): News | undefined {
  let value: unknown;
  try {
    value = JSON.parse(String(data));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { sha256, error } = value as { readonly sha256?: unknown; readonly error?: unknown };
  if (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)) return { sha256, findings: [] };
  if (!Array.isArray(error)) return undefined;
  return { sha256: undefined, findings: error.slice(0, MAX_FINDINGS).map(findingText) };
}

/** A finding as one line: what the kit sends as text, or as a record with its place. */
function findingText(finding: unknown): string {
  if (typeof finding === 'string') return finding.slice(0, 500);
  const { file, line, message } = (finding ?? {}) as Readonly<Record<string, unknown>>;
  const place = typeof file === 'string' && typeof line === 'number' && line > 0 ? `${file}:${line}: ` : '';
  return `${place}${typeof message === 'string' ? message : 'unknown'}`.slice(0, 500);
}
