// Finds styles and keeps them ready: the parsed network, and its plugin running in the sandbox.
import { blobSource } from '../formats/blob-source.ts';
import { digestOf } from '../formats/digest.ts';
import type { ByteSource } from '../formats/entry.ts';
import type { Hypernetwork } from '../hypernetwork/hypernetwork.ts';
import { readHypernetwork } from '../hypernetwork/read.ts';
import type { Plugin, PluginHost } from '../plugin-host/host.ts';
import { encodePair } from '../plugin-host/layer-block.ts';
import { loadStandardPlugin } from '../plugin-host/standard-plugin.ts';
import { download, isUrl } from './download.ts';
import type { StyleSource, StyleUse } from './engine.ts';
import { EngineError } from './errors.ts';
import type { Finding, OpenModel } from './model.ts';
import { REQUEST_LIMITS, strengthOf } from './request.ts';

/** A style of one picture, ready to be applied. */
export interface ReadyStyle {
  readonly name: string;
  readonly strength: number;
  readonly hypernetwork: Hypernetwork;
  /** First ten hexadecimal digits of the weights' SHA-256, as picture metadata carries it. */
  readonly hash: string;
  /** Undefined when the style has no layers for the model's context width. */
  readonly plugin: Plugin | undefined;
}

/** Weights and plugin of a found style, before they are opened. */
interface FoundStyle {
  readonly name: string;
  readonly weights: ByteSource;
  /** Undefined: the standard plugin. */
  readonly pluginBytes: Uint8Array | undefined;
}

interface KeptStyle {
  readonly name: string;
  readonly hypernetwork: Hypernetwork;
  readonly hash: string;
  readonly pluginBytes: Uint8Array | undefined;
  plugin: Promise<Plugin> | undefined;
}

/** Opened styles kept at once; the least recently used one's plugin is closed beyond that. */
const STYLES_KEPT = 16;

/** The styles of one engine. A style is opened once; naming it again costs nothing. */
export class Styles {
  readonly #model: OpenModel;
  readonly #host: PluginHost;
  readonly #finding: Finding;
  readonly #kept = new Map<string | ByteSource | Blob, KeptStyle>();

  constructor(model: OpenModel, host: PluginHost, finding: Finding) {
    this.#model = model;
    this.#host = host;
    this.#finding = finding;
  }

  /** Opens all styles of a request, in order. `notices` receives what the user should know. */
  async prepare(uses: readonly StyleUse[], notices: string[], signal?: AbortSignal): Promise<ReadyStyle[]> {
    if (uses.length > REQUEST_LIMITS.styles) {
      throw new EngineError('engine/request', 'too many styles', {
        expected: `at most ${REQUEST_LIMITS.styles}`,
        found: String(uses.length),
      });
    }
    const ready: ReadyStyle[] = [];
    for (const use of uses) {
      signal?.throwIfAborted();
      ready.push(await this.#prepareOne(use, notices, signal));
    }
    return ready;
  }

  async #prepareOne(use: StyleUse, notices: string[], signal: AbortSignal | undefined): Promise<ReadyStyle> {
    const key = typeof use.style === 'string' ? use.style : use.style.file;
    const kept = this.#kept.get(key) ?? (await this.#open(use.style, signal));
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    await this.#dropOldest();
    const { facts } = this.#model;
    const text = kept.hypernetwork.widths.has(facts.contextWidth);
    const self = facts.selfAttentionWidths.some((width) => kept.hypernetwork.widths.has(width));
    if (!text && !self) {
      notices.push(
        `The style ${kept.name} has layers for widths ${[...kept.hypernetwork.widths.keys()].join(', ')}; this model has ` +
          `${[facts.contextWidth, ...facts.selfAttentionWidths].join(', ')}, so the style changes nothing. It was made for another model.`,
      );
    }
    return {
      name: kept.name,
      strength: strengthOf(kept.name, use.strength),
      hypernetwork: kept.hypernetwork,
      hash: kept.hash,
      plugin: text ? await this.#running(kept) : undefined,
    };
  }

  /** The style's plugin; one that was ended (a deadline, a trap) is started anew for the next picture. */
  #running(kept: KeptStyle): Promise<Plugin> {
    kept.plugin ??= (async () => {
      const width = this.#model.facts.contextWidth;
      const plugin = await this.#host.start(kept.name, kept.pluginBytes ?? (await loadStandardPlugin()));
      await plugin.load(0, width, encodePair(kept.name, width, kept.hypernetwork.widths.get(width)!));
      return plugin;
    })();
    kept.plugin.catch(() => {
      kept.plugin = undefined;
    });
    return kept.plugin;
  }

  /** Forgets a plugin that failed, so that the next picture starts a fresh one. */
  async forgetPlugin(plugin: Plugin): Promise<void> {
    for (const kept of this.#kept.values()) {
      if (kept.plugin !== undefined && (await kept.plugin.catch(() => undefined)) === plugin)
        kept.plugin = undefined;
    }
    await plugin.close().catch(() => {});
  }

  async close(): Promise<void> {
    this.#kept.clear();
    await this.#host.close();
  }

  async #dropOldest(): Promise<void> {
    if (this.#kept.size <= STYLES_KEPT) return;
    const [key, kept] = this.#kept.entries().next().value!;
    this.#kept.delete(key);
    await (await kept.plugin?.catch(() => undefined))?.close();
  }

  async #open(source: StyleSource, signal: AbortSignal | undefined): Promise<KeptStyle> {
    this.#finding.onProgress?.({ stage: 'style', message: 'opening a style' });
    const { name, weights, pluginBytes } = await this.#find(source, signal);
    const hypernetwork = await readHypernetwork(weights);
    return {
      name,
      hypernetwork,
      hash: (await digestOf(weights, signal)).slice(0, 10),
      pluginBytes,
      plugin: undefined,
    };
  }

  async #find(source: StyleSource, signal: AbortSignal | undefined): Promise<FoundStyle> {
    const { platform, registry } = this.#finding;
    if (typeof source !== 'string') {
      const weights = source.file instanceof Blob ? blobSource(source.name, source.file) : source.file;
      return { name: stem(source.name), weights, pluginBytes: undefined };
    }
    const file =
      (await platform.openPath(source)) ??
      (this.#model.folder === undefined
        ? undefined
        : await platform.openBundledStyle(this.#model.folder, source));
    if (file !== undefined) return { name: stem(source), weights: file, pluginBytes: undefined };
    if (isUrl(source)) {
      return {
        name: stem(source),
        weights: blobSource(source, await download(source, { signal })),
        pluginBytes: undefined,
      };
    }
    if (registry === undefined) {
      throw new EngineError('engine/style', `no style ${source}`, {
        expected:
          'a .pt or .safetensors hypernetwork, a style of the model, or a name together with a registry',
        fix: 'Check the name or path.',
      });
    }
    const version = await registry.resolveStyle(source);
    const options = signal === undefined ? {} : { signal };
    const weights = await registry.fetchBlob(version.weights, options);
    const plugin = version.plugin === null ? undefined : await registry.fetchBlob(version.plugin, options);
    return {
      name: source,
      weights: blobSource(`${source}.safetensors`, weights),
      pluginBytes: plugin === undefined ? undefined : new Uint8Array(await plugin.arrayBuffer()),
    };
  }
}

/** A file's name without folder and extension: what prompts call the style. */
function stem(path: string): string {
  return path.replace(/^.*[\\/]/, '').replace(/\.(pt|safetensors|bin)$/i, '');
}
