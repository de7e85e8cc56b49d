// Applying a published style to a context at the edge, through the same plugin host that tries plugins before they are published.
import { handOver } from '../../client/engine/weights.ts';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { FormatError } from '../../client/formats/errors.ts';
import { openSafetensors, storeFloat32, writeSafetensors } from '../../client/formats/safetensors.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { encodePair } from '../../client/plugin-host/layer-block.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { cardDigest, cardOf } from '../../plugins/contract/card-section.ts';
import { MAX_WIDTH } from '../../plugins/contract/limits.ts';
import { kindOf, type StyleManifest } from '../../plugins/contract/style.ts';
import type { ContextPair, Plugin, PluginHost } from '../../plugins/host/plugin.ts';
import type { Release } from '../registry/release.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import { ApplyError } from './error.ts';
import {
  APPLY_BUDGET_MS,
  APPLY_DEADLINE_MS,
  APPLY_STEPS,
  MAX_APPLY_ROWS,
  MAX_APPLY_WEIGHTS_BYTES,
} from './limits.ts';

export interface ApplyTools {
  readonly blobs: BlobStore;
  readonly host: PluginHost;
  /** Bytes of the standard plugin, for styles without one of their own. */
  readonly standardPlugin: () => Promise<Uint8Array>;
}

export interface ApplyWishes {
  readonly strength: number;
  /** By name; others stand at their defaults. */
  readonly parameters: Readonly<Record<string, number>>;
}

const LIMITS = { deadlineMs: APPLY_DEADLINE_MS, pictureBudgetMs: APPLY_BUDGET_MS };

/**
 * Reads tensor `context`, [tokens, width], of a safetensors file. Throws `apply/context` for no such file, and for another shape
 * or size.
 */
export async function readContext(body: Uint8Array): Promise<ContextPair> {
  const { shape, data } = await readTensor(body);
  const [rows = 0, width = 0] = shape;
  const fits = shape.length === 2 && rows >= 1 && rows <= MAX_APPLY_ROWS && width >= 1 && width <= MAX_WIDTH;
  if (fits && data.every(Number.isFinite)) return { rows, width, k: data, v: data.slice() };
  throw new ApplyError('context', fits ? 'the context is not finite' : 'the context has the wrong shape', {
    where: 'tensor context',
    expected: `[1 … ${MAX_APPLY_ROWS} tokens, 1 … ${MAX_WIDTH}] of finite numbers`,
    found: `[${shape.join(', ')}]`,
  });
}

async function readTensor(body: Uint8Array) {
  try {
    const file = await openSafetensors(bytesSource('the posted file', body));
    return await file.read('context');
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new ApplyError('context', cause.message, { cause });
  }
}

/** The bent contexts as a safetensors file: tensors `k` and `v`. */
export function writeContexts({ rows, width, k, v }: ContextPair): Uint8Array<ArrayBuffer> {
  const stored = (data: Float32Array) => storeFloat32(tensor([rows, width], new Float32Array(data)));
  return writeSafetensors(
    new Map([
      ['k', stored(k)],
      ['v', stored(v)],
    ]),
  );
}

/**
 * Bends `context` by a style as at phase 0 of a picture. A style without layers for its width gives it back as it is. Throws
 * `apply/embedding`, `apply/too-large` before any weights are read, and PluginError for what the plugin does.
 */
export async function applyStyle(
  { blobs, host, standardPlugin }: ApplyTools,
  release: Release,
  context: ContextPair,
  { strength, parameters }: ApplyWishes,
): Promise<ContextPair> {
  const manifest = release.manifest as StyleManifest;
  if (kindOf(manifest) === 'embedding') {
    throw new ApplyError('embedding', 'an embedding bends no context', {
      where: `${release.name} ${release.version}`,
      expected: 'a style',
      fix: 'Write its word in the prompt: its vectors stand there before the context is made.',
    });
  }
  const { weights, moreWeights = [], plugin: module } = manifest.blobs;
  const files = weights === null ? [] : [weights, ...moreWeights];
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MAX_APPLY_WEIGHTS_BYTES) {
    throw new ApplyError('too-large', 'the style is too large to be applied at the edge', {
      where: `${release.name} ${release.version}`,
      expected: `at most ${MAX_APPLY_WEIGHTS_BYTES} bytes of weights`,
      found: `${bytes}`,
      fix: 'Apply it where you are: the library and the command line take styles of any size.',
    });
  }
  const read = async ({ sha256 }: { readonly sha256: string }): Promise<Uint8Array<ArrayBuffer>> => {
    const blob = await blobs.get(sha256);
    if (blob === undefined) throw new Error(`blob ${sha256} of ${release.name} is gone`);
    return new Uint8Array(await new Response(blob.body).arrayBuffer());
  };
  const { width } = context;
  if (module === null) {
    const hypernetwork = await readHypernetwork(bytesSource(release.name, await read(files[0]!)));
    const layers = hypernetwork.widths.get(width);
    if (layers === undefined) return context;
    const standard = await host.start(release.name, await standardPlugin(), LIMITS);
    await standard.load(0, width, encodePair(`${release.name}, width ${width}`, width, layers));
    return standard.apply(context, strength);
  }
  const cardSha256 = cardDigest(cardOf(manifest));
  const plugin = await host.start(release.name, await read(module), { ...LIMITS, cardSha256 });
  const { offers } = plugin.facts;
  if (offers.has('tincture_parameter') || Object.keys(parameters).length > 0) {
    await plugin.setParameters(parameters);
  }
  for (const [set, file] of files.entries()) {
    await handOver(plugin, set, bytesSource(`weights ${set}`, await read(file)));
  }
  plugin.beginPicture();
  await enterPhase(plugin, context);
  if (offers.has('tincture_apply')) return plugin.apply(context, strength);
  const layers = await plugin.layers(width);
  if (layers === undefined) return context;
  const standard = await host.start(release.name, await standardPlugin(), LIMITS);
  await standard.load(0, width, layers);
  return standard.apply(context, strength);
}

/** Shows the plugin what a picture would, as far as it asks. */
async function enterPhase(plugin: Plugin, { width, rows, k }: ContextPair): Promise<void> {
  const { offers } = plugin.facts;
  if (offers.has('tincture_context')) await plugin.showContext(width, rows, k);
  if (offers.has('tincture_schedule')) await plugin.schedule(APPLY_STEPS);
  if (offers.has('tincture_phase')) await plugin.setPhase(0);
}
