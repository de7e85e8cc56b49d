// What every page has: its head with what shares of it show, the masthead, and the foot. Text put into `html` is escaped.
import { html } from 'hono/html';
import { SEAL, STYLESHEET } from './stylesheet.ts';

export type Html = ReturnType<typeof html>;

export interface PageFacts {
  readonly title: string;
  readonly description: string;
  /** Of the page, such as https://example.com, and its path: shares need whole addresses. */
  readonly origin: string;
  readonly path: string;
  /** Path of a picture of 1200 × 630 for shares, and what it shows. */
  readonly picture?: { readonly path: string; readonly alt: string };
  /** false for pages that search engines should leave out, such as further result pages. */
  readonly indexed?: boolean;
}

export function layout(facts: PageFacts, body: Html): Html {
  const { title, description, origin, path, picture, indexed = true } = facts;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${title} · Tincture</title>
<meta name="description" content="${description}">${indexed ? '' : html`<meta name="robots" content="noindex">`}
<link rel="canonical" href="${origin}${path}"><link rel="icon" href="${SEAL.path}" type="image/svg+xml">
<link rel="stylesheet" href="${STYLESHEET.path}">
<meta property="og:site_name" content="Tincture"><meta property="og:type" content="website">
<meta property="og:title" content="${title}"><meta property="og:description" content="${description}">
<meta property="og:url" content="${origin}${path}">${picture === undefined ? html`<meta name="twitter:card" content="summary">` : shareCard(origin, picture)}
</head><body><a class="skip" href="#main">Skip to the content</a>
<header class="masthead"><a class="brand" href="/"><svg class="seal" viewBox="0 0 24 28" aria-hidden="true"><path class="seal-field" d="M2 2h20v12c0 6-4.5 10-10 12.5C6.5 24 2 20 2 14z"/><path class="seal-lines" d="M6 2v20.5M10 2v23.5M14 2v23.5M18 2v20.5"/><path class="seal-edge" d="M2 2h20v12c0 6-4.5 10-10 12.5C6.5 24 2 20 2 14z"/></svg>Tincture</a>
<nav class="views" aria-label="Views"><a href="/">Draw</a><a href="/styles"${path === '/styles' ? html` aria-current="page"` : ''}>Styles</a><a href="/docs">Interface</a></nav></header>
<main id="main">${body}</main>
<footer>Styles are drawn in your browser; prompts and pictures never leave it.</footer></body></html>`;
}

function shareCard(origin: string, { path, alt }: { readonly path: string; readonly alt: string }): Html {
  return html`<meta property="og:image" content="${origin}${path}"><meta property="og:image:type" content="image/png">
<meta property="og:image:width" content="1200"><meta property="og:image:height" content="630">
<meta property="og:image:alt" content="${alt}"><meta name="twitter:card" content="summary_large_image">`;
}

/** Which of the six tinctures a name has, as the studio gives them (FNV-1a). */
export function tinctureOf(name: string): number {
  let hash = 2166136261;
  for (const character of name) hash = Math.imul(hash ^ character.codePointAt(0)!, 16777619);
  return (hash >>> 0) % 6;
}

/** Bytes as people read them. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, 'kB'] : [bytes / 1e6, 'MB'];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** A whole number with its noun: 1 download, 2,000 downloads. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** The day of an RFC 3339 time. */
export function dayOf(time: string): Html {
  return html`<time datetime="${time}">${time.slice(0, 10)}</time>`;
}
