// /publishers/{handle}: who that is, and what they published.
import { html } from 'hono/html';
import type { Page } from '../registry/search.ts';
import { cards, nextLink } from './cards.ts';
import { dayOf, type Html, layout, tinctureOf } from './layout.ts';

export interface PublisherPage {
  readonly origin: string;
  readonly publisher: { readonly handle: string; readonly displayName: string; readonly createdAt: string };
  readonly page: Page;
  /** A page after the first. */
  readonly further: boolean;
}

export function publisherPage({ origin, publisher, page, further }: PublisherPage): Html {
  const { handle, displayName, createdAt } = publisher;
  const path = `/publishers/${handle}`;
  const body = html`<header class="sheet ink-${tinctureOf(handle)}"><h1>${displayName}</h1>
<p class="soft">${handle}, here since ${dayOf(createdAt)}</p></header>
<section class="stack"><h2>Styles</h2>${
    page.releases.length === 0 ? html`<p class="empty">Nothing is published yet.</p>` : cards(page.releases)
  }${nextLink(path, {}, page)}</section>`;
  return layout(
    { title: displayName, description: `Styles by ${displayName}.`, origin, path, indexed: !further },
    body,
  );
}
