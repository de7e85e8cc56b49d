// /styles/{name} and /styles/{name}/{version}: what a style is, what it looks like, and how to use it.
import { html } from 'hono/html';
import { kindOf, type StyleManifest } from '../../plugins/contract/style.ts';
import type { Release } from '../registry/release.ts';
import type { VersionFacts } from '../registry/resolve.ts';
import { bytesText, countText, dayOf, type Html, layout, tinctureOf } from './layout.ts';
import { waysToUse } from './ways-to-use.ts';

export interface StylePage {
  readonly origin: string;
  readonly path: string;
  readonly release: Release;
  /** The visible ones, most preferred first. */
  readonly versions: readonly VersionFacts[];
}

const VERSIONS_SHOWN = 30;

export function stylePage({ origin, path, release, versions }: StylePage): Html {
  const manifest = release.manifest as StyleManifest;
  const { name, version } = release;
  const latest = versions[0]?.version;
  const { previews } = manifest.blobs;
  const isEmbedding = kindOf(manifest) === 'embedding';
  const body = html`${warning(release, latest)}
<article class="sheet ink-${tinctureOf(name)}"><header class="stack"><h1>${manifest.title}</h1>
<p class="soft">${isEmbedding ? 'embedding ' : ''}${name} ${version}, by ${manifest.author}</p></header>${
    previews.length === 0
      ? ''
      : html`<div class="previews${previews.length > 1 ? ' several' : ''}">${previews.map(
          ({ sha256 }, index) =>
            html`<img src="/v1/blobs/${sha256}" alt="${previewText(manifest, index)}" decoding="async">`,
        )}</div>`
  }<p class="description">${manifest.description}</p>${
    manifest.triggerWords.length === 0
      ? ''
      : html`<p>Say ${manifest.triggerWords.map((word, index) => html`${index > 0 ? ', ' : ''}<code>${word}</code>`)} in the prompt.</p>`
  }${
    manifest.tags.length === 0
      ? ''
      : html`<ul class="tags" aria-label="Tags">${manifest.tags.map((tag) => html`<li><a href="/styles?q=${tag}">${tag}</a></li>`)}</ul>`
  }<p><a class="action" href="/?${isEmbedding ? 'embedding' : 'style'}=${name}">Draw with it</a></p></article>
<div class="columns"><div class="stack"><h2>How to use it</h2>${waysToUse(origin, release, manifest)}</div>
<div class="stack"><h2>Facts</h2>${facts(release, manifest)}<h2>Versions</h2>${versionList(name, version, versions)}</div></div>`;
  return layout(
    {
      title: manifest.title,
      description:
        firstLine(manifest.description) ||
        `${isEmbedding ? 'An embedding' : 'A style'} for Stable Diffusion by ${manifest.author}.`,
      origin,
      path,
      picture: { path: `/styles/${name}/${version}/card.png`, alt: previewText(manifest, 0) },
      indexed: !release.yanked,
    },
    body,
  );
}

function warning({ name, version, yanked, yankReason }: Release, latest: string | undefined): Html | string {
  const other =
    latest === undefined || latest === version
      ? ''
      : html` The version to use is <a href="/styles/${name}">${latest}</a>.`;
  if (yanked) {
    return html`<p class="warning" role="note">This version was withdrawn${yankReason === null ? '' : `: ${yankReason}`}. It still works for who has pinned it.${other}</p>`;
  }
  return other === ''
    ? ''
    : html`<p class="warning" role="note">This is another version than a plain name means.${other}</p>`;
}

function facts(release: Release, manifest: StyleManifest): Html {
  const { base, training, blobs, parameters } = manifest;
  const standard = kindOf(manifest) === 'embedding' ? '' : 'the standard plugin';
  const weights = [blobs.weights, ...(blobs.moreWeights ?? [])].filter((blob) => blob !== null);
  const row = (term: string, what: Html | string) => html`<dt>${term}</dt><dd>${what}</dd>`;
  const file = (label: string, { sha256, size }: { readonly sha256: string; readonly size: number }) =>
    html`<a href="/v1/blobs/${sha256}" download>${label}</a>, ${bytesText(size)}<br>`;
  return html`<dl class="facts">
${row('Publisher', html`<a href="/publishers/${release.publisher}">${release.publisher}</a>`)}
${row('Published', dayOf(release.publishedAt))}
${row('Licence', manifest.licence)}
${row('Downloads', html`${countText(release.downloads.total, 'download')}, ${release.downloads.version.toLocaleString('en')} of this version`)}
${row('Made for', html`<a href="/styles?architecture=${base.architecture}">${base.architecture}</a>, context width ${base.contextWidth}`)}
${row(...contentsOf(manifest))}
${training === undefined ? '' : row('Trained', `${countText(training.pictures, 'picture')}, ${countText(training.steps, 'step')} of ${training.batch} at ${training.rates}, over ${training.base}`)}
${parameters.length === 0 ? '' : row('Parameters', html`${parameters.map((it) => html`<code>${it.name}</code> ${it.minimum} … ${it.maximum}, else ${it.default}<br>`)}`)}
${row('Files', html`${weights.map((blob, index) => file(index === 0 ? 'weights' : `weights ${index + 1}`, blob))}${blobs.plugin === null ? standard : file('plugin', blobs.plugin)}`)}
${row('Signature', release.signature === null ? 'none: it comes with the program' : html`by key <code>${release.keyId}</code>`)}
${blobs.plugin === null ? '' : row('Trial', release.trial === 'passed' ? 'the plugin was run before it became visible' : 'the plugin was not run before')}
${row('Digest', html`<code>${release.digest}</code>`)}</dl>`;
}

/** What the weights are: a term and its text. */
function contentsOf({ layers, vectors }: StyleManifest): readonly [term: string, what: string] {
  if (vectors !== undefined) return ['Vectors', `${vectors}, as many places of the prompt as its word takes`];
  if (layers === null) return ['Layers', 'made by its plugin'];
  return [
    'Layers',
    `${layers.structure.join(' · ')}, ${layers.activation}, widths ${layers.widths.join(', ')}`,
  ];
}

function versionList(name: string, shown: string, versions: readonly VersionFacts[]): Html {
  return html`<ol class="versions">${versions
    .slice(0, VERSIONS_SHOWN)
    .map(
      ({ version, publishedAt }) =>
        html`<li>${version === shown ? html`<strong>${version}</strong>` : html`<a href="/styles/${name}/${version}">${version}</a>`}<span class="soft small">${dayOf(publishedAt)}</span></li>`,
    )}</ol>${versions.length > VERSIONS_SHOWN ? html`<p class="soft small">and ${versions.length - VERSIONS_SHOWN} earlier ones</p>` : ''}`;
}

function previewText({ title }: StyleManifest, index: number): string {
  return `Pictures drawn with the style ${title}${index === 0 ? '' : `, ${index + 1}`}`;
}

function firstLine(text: string): string {
  return text.split('\n')[0]!.slice(0, 200);
}
