// `tincture publish`: a style or an embedding to a registry, signed with this machine's key.
import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { TinctureError } from '../../plugins/contract/error.ts';
import { bytesSource } from '../formats/bytes-source.ts';
import { fileSource } from '../formats/node-file.ts';
import { openStyleFile, type StyleFile } from '../formats/style-file.ts';
import { parseAuthorCard } from '../kit/author-card.ts';
import { packStyle } from '../kit/pack.ts';
import { openProject } from '../kit/project.ts';
import { blobsOf, createPublishing, type PublishProgress } from '../publishing.ts';
import { packFolder } from './build-style.ts';
import { readCardFile } from './card-file.ts';
import { type Command, parseCommandLine, type Terminal, UsageError } from './command.ts';
import { registryAccess, registryOf } from './credentials.ts';
import { fileSize, json, printable, table } from './output.ts';
import { progressView } from './progress.ts';
import { cancelOnSignals } from './signals.ts';
import { readSigningKey, type SigningKey } from './signing-key.ts';

const HELP = `Usage: tincture publish FILE.style [OPTIONS]
       tincture publish FOLDER [OPTIONS]
       tincture publish FILE.pt --card CARD.json [--preview FILE.png]… [OPTIONS]

Publishes a style: a packed file, an author's folder (built and packed first), or a hypernetwork (.pt or .safetensors) with a card.
An embedding (.pt, .bin, .safetensors or .png) with a card is published in the same way; the card's name is its word in prompts.
Blobs go first, large ones in parts, then the version, signed with this machine's key. Interrupted, it goes on where it was when it
is run again; what is published already is a success that changes nothing. Versions only go up and never change.

  --registry URL   default: TINCTURE_REGISTRY, or that of the last login
  --card FILE      card.json of a hypernetwork or embedding; its "files" are left aside
  --preview FILE   a picture for it; again for the next
  --dry-run        checks and tells what would be sent, and sends nothing
  --json           print { outcome, name, version, url, blobs }`;

/** Files that are no style yet: a card makes them one. */
const BARE = ['.pt', '.safetensors', '.bin', '.png'];

export const publish: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      registry: { type: 'string' },
      card: { type: 'string' },
      preview: { type: 'string', multiple: true },
      'dry-run': { type: 'boolean' },
      json: { type: 'boolean' },
    });
    const [path, ...others] = positionals;
    if (path === undefined || others.length > 0) throw new UsageError('publish takes one style');
    const { signal, release } = cancelOnSignals();
    try {
      const style = await openStyle(path, values.card, values.preview ?? [], terminal, signal);
      const asJson = values.json === true;
      if (values['dry-run'] === true) return await rehearse(style, values.registry, asJson, terminal, signal);
      const { registry, token } = await registryAccess(values.registry);
      const key = await signingKey(registry);
      const view = progressView(terminal);
      const result = await createPublishing(registry, { token }).publish(style, key, {
        signal,
        onProgress: (progress) => view.show(shown(progress)),
      });
      view.clear();
      const url = new URL(result.url, registry).href;
      if (asJson) terminal.out(json({ ...result, url, blobs: blobsOf(style.manifest) }));
      else if (result.outcome === 'published') {
        terminal.out(`${result.name} ${result.version} is published: ${url}`);
      } else terminal.out(`${result.name} ${result.version} was published already: ${url}`);
    } finally {
      release();
    }
  },
};

/** The style that the arguments name, packed where it is not yet, and verified whole. */
async function openStyle(
  path: string,
  cardPath: string | undefined,
  previews: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<StyleFile> {
  const extension = extname(path).toLowerCase();
  const isBare = BARE.includes(extension);
  if (!isBare && (cardPath !== undefined || previews.length > 0)) {
    throw new UsageError('--card and --preview go with the file of a hypernetwork or an embedding');
  }
  if (extension === '.style') return openStyleFile(await fileSource(path), signal);
  if (!isBare) {
    const { bytes } = await packFolder(await openProject(path), terminal, signal);
    return openStyleFile(bytesSource(path, bytes), signal);
  }
  if (cardPath === undefined) {
    throw new UsageError(
      `${basename(path)} needs a card: write --card card.json, as \`tincture new\` makes one`,
    );
  }
  const read = async (name: string) => ({ name, bytes: new Uint8Array(await readFile(name)) });
  const { files: _, layers, parameters = [], ...card } = parseAuthorCard(await cardText(cardPath), cardPath);
  const { bytes } = await packStyle({
    card: { ...card, parameters, ...(layers !== undefined && { layers }) },
    weights: [await read(path)],
    previews: await Promise.all(previews.map(read)),
  });
  return openStyleFile(bytesSource(path, bytes), signal);
}

/** The card as text. Its `files` are not read: one file stands in their place, so that a card may be as short as it can. */
async function cardText(cardPath: string): Promise<string> {
  const text = await readCardFile(cardPath);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The reader of cards tells the line.
    return text;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return text;
  return JSON.stringify({ ...value, files: { plugin: null, weights: ['style.safetensors'] } });
}

async function rehearse(
  style: StyleFile,
  registryOption: string | undefined,
  asJson: boolean,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const registry = await registryOf(registryOption);
  const missing = await createPublishing(registry).missing(style.manifest, signal);
  const { name, version, licence } = style.manifest;
  const toSend = new Set(missing.map(({ sha256 }) => sha256));
  const blobs = blobsOf(style.manifest).map((blob) => ({ ...blob, stored: !toSend.has(blob.sha256) }));
  if (asJson) {
    terminal.out(json({ outcome: 'not-sent', registry, name, version, blobs }));
    return;
  }
  terminal.out(`${printable(name)} ${version} (${printable(licence)}) would be published to ${registry}:`);
  terminal.out(
    table(
      blobs.map(({ sha256, size, type, stored }) => [
        `  ${sha256.slice(0, 10)}…`,
        fileSize(size),
        type,
        stored ? 'is there' : 'would be sent',
      ]),
    ),
  );
}

async function signingKey(registry: string): Promise<SigningKey> {
  const key = await readSigningKey();
  if (key !== undefined) return key;
  throw new TinctureError('cli/signing-key', 'this machine has no key to sign with', {
    fix: `Run \`tincture login --registry ${registry}\`, which makes and registers one.`,
  });
}

function shown({ stage, message, done, total }: PublishProgress) {
  if (stage !== 'uploading') return { stage: 'style' as const, message };
  return { stage: 'style' as const, message, done, total };
}
