import { createWorkerEngine, type Engine } from 'tincture';
import { edgeClient } from 'tincture/edge';

const registry = new URLSearchParams(location.search).get('registry') ?? 'https://your.edge';
const edge = edgeClient(registry);
const form = document.querySelector('form')!;
const styleList = document.querySelector<HTMLElement>('#styles')!;
const said = document.querySelector<HTMLElement>('#said')!;
const picture = document.querySelector<HTMLImageElement>('#picture')!;
let engine: Promise<Engine> | undefined;

async function find(q: string): Promise<void> {
  const answer = await edge.v1.styles.$get({ query: { q, kind: 'style', limit: 12 } });
  if (!answer.ok) throw new Error(await answer.text());
  const { styles } = await answer.json();
  const buttons = styles.map((style) => {
    const button = document.createElement('button');
    const preview = document.createElement('img');
    if (style.previews[0] !== undefined) preview.src = new URL(style.previews[0].url, registry).href;
    button.append(preview, `${style.manifest.title} by ${style.manifest.author}`);
    button.onclick = () => attempt(draw(style.name));
    return button;
  });
  styleList.replaceChildren(...buttons);
  said.replaceChildren(`${buttons.length} found`);
}

async function draw(style: string): Promise<void> {
  engine ??= createWorkerEngine({ model: 'pictograms', registry });
  const { png } = await (await engine).generate(
    { prompt: String(new FormData(form).get('prompt')), styles: [{ style, strength: 1 }], steps: 4 },
    { onProgress: ({ stage, done, total }) => said.replaceChildren(`${stage} ${done}/${total}`) },
  );
  picture.src = URL.createObjectURL(new Blob([png], { type: 'image/png' }));
  said.replaceChildren(`drawn in ${style}`);
}

function attempt(work: Promise<void>): void {
  work.catch((error: Error) => said.replaceChildren(error.message));
}

form.onsubmit = (event) => {
  event.preventDefault();
  attempt(find(String(new FormData(form).get('q'))));
};
