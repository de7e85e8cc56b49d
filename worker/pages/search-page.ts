// /styles: searching as a page. The form asks this page again; no script is needed.
import { html } from 'hono/html';
import type { StyleKind } from '../../plugins/contract/style.ts';
import { type Page, type Search, SORTS } from '../registry/search.ts';
import { cards, nextLink } from './cards.ts';
import { type Html, layout } from './layout.ts';

const SORT_NAMES = { relevance: 'fit', downloads: 'downloads', newest: 'newest', name: 'name' } as const;

/** What the page is headed with, by what it lists. */
const HEADINGS = { style: 'Styles', embedding: 'Embeddings', any: 'Styles and embeddings' } as const;

export interface SearchPage {
  readonly origin: string;
  readonly search: Omit<Search, 'limit'>;
  readonly page: Page;
}

export function searchPage({ origin, search, page }: SearchPage): Html {
  const { text, architecture, contextWidth, licence, publisher, sort, cursor, holds } = search;
  const heading = HEADINGS[holds ?? 'any'];
  const found = page.releases.length;
  const field = (name: string, label: string, value: string | number | undefined, more: Html | string = '') =>
    html`<label><span>${label}</span><input name="${name}" value="${value ?? ''}"${more}></label>`;
  const body = html`<form class="search" action="/styles" role="search">
<input type="search" name="q" value="${text ?? ''}" maxlength="100" aria-label="Words" placeholder="a name, a tag, a publisher …">
<button>Find</button><div class="filters">
<label><span>sorted by</span><select name="sort"><option value="">what fits</option>${SORTS.filter(
    (it) => it !== 'relevance',
  ).map(
    (it) => html`<option value="${it}"${it === sort ? html` selected` : ''}>${SORT_NAMES[it]}</option>`,
  )}</select></label>
<label><span>kind</span><select name="kind"><option value="">any</option>${(
    ['style', 'embedding'] satisfies StyleKind[]
  ).map(
    (it) =>
      html`<option value="${it}"${it === holds ? html` selected` : ''}>${HEADINGS[it].toLowerCase()}</option>`,
  )}</select></label>
${field('architecture', 'made for', architecture, html` placeholder="any model" maxlength="64"`)}
${field('width', 'context width', contextWidth, html` placeholder="any" inputmode="numeric" maxlength="5"`)}
${field('licence', 'licence', licence, html` placeholder="any" maxlength="100"`)}
${publisher === undefined ? '' : field('publisher', 'publisher', publisher, html` maxlength="64"`)}</div></form>
<section class="stack"><h2>${text === undefined ? heading : html`${heading} for “${text}”`}</h2>${
    found === 0
      ? html`<p class="empty">Nothing was found. Try fewer or shorter words: the last one may be the beginning of a word.</p>`
      : cards(page.releases)
  }${nextLink('/styles', { text, architecture, contextWidth, licence, publisher, sort, holds }, page)}</section>`;
  return layout(
    {
      title: text === undefined ? heading : `${heading} for “${text}”`,
      description:
        'Styles for Stable Diffusion that draw in your browser: small networks as sandboxed plugins.',
      origin,
      path: '/styles',
      indexed: cursor === undefined && text === undefined,
    },
    body,
  );
}
