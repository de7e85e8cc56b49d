// Opens the styles of a request and keeps them ready for the next: their files, and their plugins running in the sandbox.
import type { ByteSource } from '../formats/entry.ts';
import type { Hypernetwork } from '../hypernetwork/hypernetwork.ts';
import { readHypernetwork } from '../hypernetwork/read.ts';
import type { PluginHost } from '../plugin-host/host.ts';
import { DataStyle } from './data-style.ts';
import type { StyleSource, StyleUse } from './engine.ts';
import { EngineError } from './errors.ts';
import type { Finding } from './find-model.ts';
import type { OpenModel } from './model.ts';
import { PluginStyle, type StyleProgram } from './plugin-style.ts';
import { parametersOf, REQUEST_LIMITS } from './request.ts';
import type { RunningStyle } from './running-style.ts';
import { findStyle } from './style-source.ts';
import { type StyleStrength, strengthsOf } from './style-strengths.ts';

/** A style of one picture, ready to be applied. */
export interface ReadyStyle extends StyleStrength {
  readonly name: string;
  /** Every parameter that the style has. */
  readonly parameters: Readonly<Record<string, number>>;
  /** First ten hexadecimal digits of the weights' SHA-256 (the plugin's, where there are none), as picture metadata has it. */
  readonly hash: string;
  /** Asks the style; if that fails, its sandbox is closed and the next picture gets a fresh one. */
  ask<T>(question: (style: RunningStyle) => Promise<T>): Promise<T>;
}

interface KeptStyle {
  readonly name: string;
  readonly hash: string;
  readonly content: Hypernetwork | StyleProgram;
  /** One for each different set of parameters of a picture. */
  readonly running: (RunningStyle | undefined)[];
}

/** Opened styles kept at once; the least recently used one's plugins are closed beyond that. */
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

  /** Opens all styles of a request, in order. */
  async prepare(uses: readonly StyleUse[], signal?: AbortSignal): Promise<ReadyStyle[]> {
    if (uses.length > REQUEST_LIMITS.styles) {
      throw new EngineError('engine/request', 'too many styles', {
        expected: `at most ${REQUEST_LIMITS.styles}`,
        found: String(uses.length),
      });
    }
    const ready: ReadyStyle[] = [];
    const parameterSets = new Map<KeptStyle, string[]>();
    for (const use of uses) {
      signal?.throwIfAborted();
      const kept = await this.#open(use.style, signal);
      const sets = parameterSets.get(kept) ?? [];
      parameterSets.set(kept, sets);
      ready.push(await this.#ready(kept, use, sets));
    }
    await this.#dropOldest(new Set(parameterSets.keys()));
    return ready;
  }

  async close(): Promise<void> {
    this.#kept.clear();
    await this.#host.close();
  }

  /** The opened style, now the most recently used. */
  async #open(source: StyleSource, signal: AbortSignal | undefined): Promise<KeptStyle> {
    const key = typeof source === 'string' ? source : source.file;
    const kept = this.#kept.get(key) ?? (await this.#read(source, signal));
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept;
  }

  async #read(source: StyleSource, signal: AbortSignal | undefined): Promise<KeptStyle> {
    this.#finding.onProgress?.({ stage: 'style', message: 'opening a style' });
    const { name, weights, program, sha256 } = await findStyle(source, this.#model, this.#finding, signal);
    if (program === undefined && weights.length > 1) {
      throw new EngineError('engine/style', `the style ${name} has several weights files and no plugin`, {
        expected: 'one weights file, or a plugin that takes them',
        found: `${weights.length} files`,
      });
    }
    const content = program ?? (await readHypernetwork(weights[0]!));
    return { name, hash: sha256.slice(0, 10), content, running: [] };
  }

  /** `sets` are the parameters with which this picture uses the style already. */
  async #ready(kept: KeptStyle, use: StyleUse, sets: string[]): Promise<ReadyStyle> {
    const strengths = strengthsOf(kept.name, use);
    const given = JSON.stringify(Object.entries(use.parameters ?? {}).sort());
    const known = sets.indexOf(given);
    const place = known === -1 ? sets.push(given) - 1 : known;
    kept.running[place] ??= await this.#start(kept);
    const running = kept.running[place];
    return {
      name: kept.name,
      ...strengths,
      parameters: parametersOf(kept.name, running.parameters, use.parameters),
      hash: kept.hash,
      async ask(question) {
        try {
          return await question(running);
        } catch (error) {
          if (kept.running[place] === running) kept.running[place] = undefined;
          await running.close().catch(() => {});
          throw error;
        }
      },
    };
  }

  #start({ name, content }: KeptStyle): Promise<RunningStyle> {
    const { facts } = this.#model;
    return 'wasm' in content
      ? PluginStyle.start(content, facts, this.#host)
      : DataStyle.start(name, content, facts.contextWidth, this.#host);
  }

  /** Forgets the least recently used styles; those of the picture stay whatever their number. */
  async #dropOldest(used: ReadonlySet<KeptStyle>): Promise<void> {
    for (const [key, kept] of this.#kept) {
      if (this.#kept.size <= STYLES_KEPT) return;
      if (used.has(kept)) continue;
      this.#kept.delete(key);
      for (const running of kept.running) await running?.close();
    }
  }
}
