// Inspecting `.style` files: the card, what is packed, and whether its plugin may run.
import { cardDigest, cardOf } from '../../plugins/contract/card-section.ts';
import { kindOf } from '../../plugins/contract/style.ts';
import type { ByteSource } from '../formats/entry.ts';
import { openStyleFile } from '../formats/style-file.ts';
import { checkPlugin } from '../kit/check.ts';
import { fileSize } from './output.ts';
import type { Report } from './report.ts';

/** Opens it whole: sizes, digests and the spelling of the archive are verified. */
export async function inspectStyle(source: ByteSource): Promise<Report> {
  const { manifest, blob } = await openStyleFile(source);
  const { blobs } = manifest;
  const card = cardDigest(cardOf(manifest));
  const plugin =
    blobs.plugin === null
      ? undefined
      : checkPlugin(await blob(blobs.plugin.sha256).read(0, blobs.plugin.size), source.name);
  const problem =
    plugin?.problem ??
    (plugin?.facts !== undefined && plugin.facts.card !== card
      ? 'the plugin was packed with another card'
      : null);
  const weights = [blobs.weights, ...(blobs.moreWeights ?? [])].filter((it) => it !== null);
  const parameters = manifest.parameters.map(
    ({ name, minimum, default: initial, maximum }) => `${name} ${minimum} … ${initial} … ${maximum}`,
  );
  return {
    facts: { kind: 'style file', manifest, card, exports: plugin?.facts?.does ?? [], problem },
    rows: [
      ['name', `${manifest.name} ${manifest.version}`],
      ['kind', kindOf(manifest)],
      ['title', manifest.title],
      ['author', `${manifest.author}, ${manifest.licence}`],
      ['made for', `${manifest.base.architecture}, context width ${manifest.base.contextWidth}`],
      ...(manifest.vectors === undefined
        ? [
            ['parameters', parameters.join('; ') || 'none'] as const,
            ['plugin', blobs.plugin === null ? 'the standard one' : fileSize(blobs.plugin.size)] as const,
          ]
        : [['vectors', String(manifest.vectors)] as const]),
      ...(plugin?.facts?.does ?? []).map(
        ({ export: name, meaning }) => ['', `${meaning} (${name})`] as const,
      ),
      ['weights', weights.map(({ size }) => fileSize(size)).join(', ') || 'none'],
      ['previews', String(blobs.previews.length)],
      ['card', card],
      ['may run', problem ?? 'yes'],
    ],
    ...(manifest.description === '' ? {} : { text: manifest.description }),
  };
}
