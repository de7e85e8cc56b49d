// The interface's description as one page of HTML, written on the server: it needs no script.
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Environment } from '../environment.ts';

type Document = ReturnType<OpenAPIHono<Environment>['getOpenAPI31Document']>;

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly responses?: Readonly<Record<string, Answer>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: unknown;
}

interface Answer {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
section { border-top: 1px solid #8886; padding: 1rem 0; }
code, pre { font: 0.9em/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.75rem; background: #8882; border-radius: 0.4rem; }
h3 code b { color: #2b8a5a; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #8884; }
`;

/** Renders an OpenAPI document: each operation with its parameters and answers, then the schemas. */
export function docsPage(document: Document): string {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, it]) => operation(method, path, it)),
  );
  const schemas = Object.entries(document.components?.schemas ?? {}).map(([name, it]) => schema(name, it));
  const { title, version, description = '' } = document.info;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body><main>
<h1>${escapeHtml(title)} <small>${escapeHtml(version)}</small></h1><p>${escapeHtml(description)}</p>
<p>For programs: <a href="/openapi.json">openapi.json</a> (OpenAPI ${escapeHtml(document.openapi)}).</p>
<h2>Operations</h2>${operations.join('')}<h2>Schemas</h2>${schemas.join('')}</main></body></html>`;
}

function operation(method: string, path: string, it: Operation): string {
  const parameters = it.parameters ?? [];
  return `<section><h3><code><b>${escapeHtml(method.toUpperCase())}</b> ${escapeHtml(path)}</code></h3>
<p>${escapeHtml(it.summary ?? '')}. ${escapeHtml(it.description ?? '')}</p>
${parameters.length === 0 ? '' : table(['parameter', 'in', 'type', 'meaning'], parameters.map(parameterRow))}
${table(['status', 'answer', 'body'], Object.entries(it.responses ?? {}).map(answerRow))}</section>`;
}

function parameterRow(it: Parameter): string[] {
  const name = `<code>${escapeHtml(it.name)}</code>${it.required === true ? ' (required)' : ''}`;
  return [name, escapeHtml(it.in), typeOf(it.schema), escapeHtml(it.description ?? '')];
}

function answerRow([status, answer]: [string, Answer]): string[] {
  const bodies = Object.entries(answer.content ?? {}).map(
    ([type, { schema: body }]) => `<code>${escapeHtml(type)}</code> ${typeOf(body)}`,
  );
  return [`<code>${escapeHtml(status)}</code>`, escapeHtml(answer.description ?? ''), bodies.join('<br>')];
}

function schema(name: string, it: unknown): string {
  const text = escapeHtml(JSON.stringify(it, null, 2));
  // A reference becomes a link to its schema's section.
  const linked = text.replaceAll(
    /&quot;#\/components\/schemas\/(\w+)&quot;/g,
    '<a href="#schema-$1">&quot;$1&quot;</a>',
  );
  return `<section id="schema-${escapeHtml(name)}"><h3><code>${escapeHtml(name)}</code></h3><pre>${linked}</pre></section>`;
}

/** A schema in a few words: the name of a shared one as a link, else its JSON type. */
function typeOf(it: unknown): string {
  const { $ref, type } = (it ?? {}) as { $ref?: string; type?: string | string[] };
  const name = $ref?.split('/').at(-1);
  if (name !== undefined) return `<a href="#schema-${escapeHtml(name)}">${escapeHtml(name)}</a>`;
  return escapeHtml(Array.isArray(type) ? type.join(' or ') : (type ?? ''));
}

function table(head: readonly string[], rows: readonly string[][]): string {
  const cells = (row: readonly string[], tag: string) =>
    row.map((cell) => `<${tag}>${cell}</${tag}>`).join('');
  return `<table><tr>${cells(head, 'th')}</tr>${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('')}</table>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
