// Styles as cards, on pages that list them.
import { html } from 'hono/html';
import { kindOf, type StyleManifest } from '../../plugins/contract/style.ts';
import type { Release } from '../registry/release.ts';
import type { Page, Search } from '../registry/search.ts';
import { countText, type Html, tinctureOf } from './layout.ts';

export function cards(releases: readonly Release[]): Html {
  return html`<ul class="cards">${releases.map(card)}</ul>`;
}

function card(release: Release): Html {
  const manifest = release.manifest as StyleManifest;
  const { title, description, author, licence, blobs } = manifest;
  const preview = blobs.previews[0];
  return html`<li class="card ink-${tinctureOf(release.name)}"><span class="mark">${
    preview === undefined
      ? ''
      : html`<img src="/v1/blobs/${preview.sha256}" alt="" loading="lazy" decoding="async" width="256" height="256">`
  }</span>
<h3><a href="/styles/${release.name}">${title}</a></h3><p class="soft small">${description}</p>
<span class="facts-line"><span>${author}</span><span>${licence}</span></span>
<span class="facts-line"><span>${countText(release.downloads.total, 'download')}</span><span>${kindOf(manifest) === 'embedding' ? 'embedding ' : ''}${release.version}</span></span></li>`;
}

/** The way to the next page: the same search from the cursor on. */
export function nextLink(
  path: string,
  search: Omit<Search, 'limit' | 'cursor'>,
  { nextCursor }: Page,
): Html | string {
  if (nextCursor === null) return '';
  const { text, contextWidth, holds, ...rest } = search;
  const all = Object.entries({ q: text, width: contextWidth, kind: holds, ...rest, cursor: nextCursor });
  const given = all.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return html`<a class="quiet more" rel="next" href="${path}?${new URLSearchParams(given).toString()}">Further styles</a>`;
}
