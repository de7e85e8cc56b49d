// A problem document as a page, for people who followed a link.
import { html } from 'hono/html';
import { type Html, layout } from './layout.ts';

export interface PageProblem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

export function problemPage(origin: string, path: string, problem: PageProblem, requestId: string): Html {
  const body = html`<div class="sheet ink-1"><h1>${problem.title}</h1><p>${problem.detail}</p>
<p><a class="quiet" href="/styles">All styles</a></p>
<p class="soft small">${problem.status}, request <code>${requestId}</code></p></div>`;
  return layout({ title: problem.title, description: problem.detail, origin, path, indexed: false }, body);
}
