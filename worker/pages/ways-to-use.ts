// How to use a style or an embedding from the three sides: the studio, the command line, the library.
import { html } from 'hono/html';
import { kindOf, type StyleManifest } from '../../plugins/contract/style.ts';
import type { Release } from '../registry/release.ts';
import type { Html } from './layout.ts';

/** What is written on each side. */
interface Ways {
  /** Of the studio's address, and what stands in a prompt. */
  readonly query: string;
  readonly prompt: string;
  /** The option of the command line, and the field of a request. */
  readonly option: string;
  readonly field: string;
  /** The prompt without what the option says already. */
  readonly words: string;
}

export function waysToUse(origin: string, { name, version }: Release, manifest: StyleManifest): Html {
  const { query, prompt, option, field, words } =
    kindOf(manifest) === 'embedding' ? ofEmbedding(name) : ofStyle(name, manifest);
  const call = `import { createWorkerEngine } from 'tincture';

const engine = await createWorkerEngine({ registry: '${origin}' });
const { png } = await engine.generate({
  prompt: ${JSON.stringify(words)},
  ${field},
});`;
  // Between apostrophes a shell takes everything but an apostrophe as it is.
  const command = `npm run -s tincture -- generate '${words.replaceAll("'", "'\\''")}' \\
  --registry ${origin} ${option} --output apple.png`;
  return html`<div class="ways">
<section><h3>In the studio</h3><p><a href="/?${query}">Open the studio</a> with it switched on, and say in a prompt:</p>
<pre><code>${prompt}</code></pre></section>
<section><h3>On the command line</h3><pre><code>${command}</code></pre></section>
<section><h3>In a web app</h3><pre><code>${call}</code></pre>
<p class="soft small">To pin exactly this version, ask <a href="/v1/resolve?style=${name}@${version}">/v1/resolve</a> and keep its answer.</p></section></div>`;
}

function ofStyle(name: string, manifest: StyleManifest): Ways {
  const strength = manifest.parameters.find((it) => it.name === 'strength')?.default ?? 1;
  const words = [...manifest.triggerWords.slice(0, 1), 'red apple'].join(' ');
  return {
    query: `style=${name}`,
    prompt: `${words} <hypernet:${name}:${strength}>`,
    option: `--style ${name}:${strength}`,
    field: `styles: [{ style: '${name}', strength: ${strength} }]`,
    words,
  };
}

function ofEmbedding(name: string): Ways {
  const words = `red apple, ${name}`;
  return {
    query: `embedding=${name}`,
    prompt: words,
    option: `--embedding ${name}`,
    field: `embeddings: ['${name}']`,
    words,
  };
}
