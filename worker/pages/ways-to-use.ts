// How to use a style from the three sides: the studio, the command line, the library.
import { html } from 'hono/html';
import type { StyleManifest } from '../../plugins/contract/style.ts';
import type { Release } from '../registry/release.ts';
import type { Html } from './layout.ts';

export function waysToUse(origin: string, { name, version }: Release, manifest: StyleManifest): Html {
  const strength = manifest.parameters.find((it) => it.name === 'strength')?.default ?? 1;
  const prompt = [...manifest.triggerWords.slice(0, 1), 'red apple'].join(' ');
  const call = `import { createWorkerEngine } from 'tincture';

const engine = await createWorkerEngine({ registry: '${origin}' });
const { png } = await engine.generate({
  prompt: ${JSON.stringify(prompt)},
  styles: [{ style: '${name}', strength: ${strength} }],
});`;
  // Between apostrophes a shell takes everything but an apostrophe as it is.
  const command = `npm run -s tincture -- generate '${prompt.replaceAll("'", "'\\''")}' \\
  --registry ${origin} --style ${name}:${strength} --output apple.png`;
  return html`<div class="ways">
<section><h3>In the studio</h3><p><a href="/?style=${name}">Open the studio</a> with it switched on, or name it in a prompt:</p>
<pre><code>${prompt} &lt;hypernet:${name}:${strength}&gt;</code></pre></section>
<section><h3>On the command line</h3><pre><code>${command}</code></pre></section>
<section><h3>In a web app</h3><pre><code>${call}</code></pre>
<p class="soft small">To pin exactly this version, ask <a href="/v1/resolve?style=${name}@${version}">/v1/resolve</a> and keep its answer.</p></section></div>`;
}
