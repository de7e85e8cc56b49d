// Headers that answers carry, each list with its reason.

/** Bytes under a digest never change. */
export const IMMUTABLE = 'public, max-age=31536000, immutable';
/** The index changes with every publication: keep it, but ask each time (the etag makes that cheap). */
export const REVALIDATE = 'public, max-age=0, must-revalidate';

/** What scripts of other origins may read of an answer, besides the few that CORS always shows. */
export const EXPOSED_HEADERS = [
  'accept-ranges',
  'allow',
  'content-length',
  'content-range',
  'etag',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'server-timing',
  'www-authenticate',
  'x-request-id',
];
/** What scripts of other origins may send. */
export const ALLOWED_HEADERS = ['authorization', 'content-type', 'if-none-match', 'if-range', 'range'];

/** A year. Only this host: other names below its domain may belong to others. */
export const HSTS = 'max-age=31536000';

/** For every answer that has none of its own. No page of ours asks for a camera and the like. */
export const SECURE_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy':
    'browsing-topics=(), camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
};

/** Data for any site. Should a browser be made to show it as a page, it can do nothing there. */
export const DATA_HEADERS: Readonly<Record<string, string>> = {
  'cross-origin-resource-policy': 'cross-origin',
  // Scripts of other sites may read Server-Timing.
  'timing-allow-origin': '*',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
};

/**
 * The one inline script that may run: the plugin sandbox's. Its frame is a `srcdoc` document and inherits the
 * page's policy. `FRAME_SCRIPT_HASH` of the plugin host; a test holds them equal.
 */
const SANDBOX_SCRIPT = "'sha256-EFvEAKnl3dPkxlaS12nvBUUZ8+wmS2MeQtI+QAlzFXY='";

/**
 * The studio's policy. Only its own files and the sandbox's script run, WebAssembly may be compiled, Workers
 * may start from blobs (the sandbox and onnxruntime-web's threads do that). Pictures, styles and models may
 * come from where the user says.
 */
export const STUDIO_POLICY = [
  "default-src 'self'",
  `script-src 'self' ${SANDBOX_SCRIPT} 'wasm-unsafe-eval' blob:`,
  "worker-src 'self' blob:",
  "frame-src 'self' blob:",
  "connect-src 'self' blob: data: https: http://localhost:* http://127.0.0.1:*",
  "img-src 'self' blob: data: https:",
  "style-src 'self' 'unsafe-inline'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The studio's pages are cross-origin isolated: threads in WebAssembly need that. */
export const STUDIO_HEADERS: Readonly<Record<string, string>> = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': STUDIO_POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * The registry's pages: one style sheet, pictures, a form that asks the page again. No script runs, whatever text a publisher
 * may have brought in.
 */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
