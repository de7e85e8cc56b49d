// A style that is a program: its plugin is shown the picture, and asked for a schedule, for layers and for a bent context.

import type { ByteSource } from '../formats/entry.ts';
import type {
  Hypernetwork,
  Layer,
  LayerPair,
  LayerStack,
  StyleNetwork,
} from '../hypernetwork/hypernetwork.ts';
import type { ContextPair, Plugin, PluginHost, StepSchedule } from '../plugin-host/host.ts';
import { decodePair, encodePair } from '../plugin-host/layer-block.ts';
import { loadStandardPlugin } from '../plugin-host/standard-plugin.ts';
import { EngineError } from './errors.ts';
import type { RunningStyle, Scene, StyleParameter } from './running-style.ts';
import { handOver } from './weights.ts';

/**
 * Bytes, as float32, of all layers that one style may make for one picture: four phases of the largest hypernetworks. They are
 * kept for the next picture.
 */
export const MAX_PICTURE_LAYERS_BYTES = 2 ** 30;

/** A program and its files, as found. */
export interface StyleProgram {
  readonly name: string;
  readonly wasm: Uint8Array;
  /** Digest of the card that the module must have been packed with, if it was packed. */
  readonly cardSha256: string | undefined;
  /** In the manifest's order. */
  readonly weights: readonly ByteSource[];
}

/** Widths that layers are wanted for. */
export interface ModelWidths {
  readonly contextWidth: number;
  readonly selfAttentionWidths: readonly number[];
}

export class PluginStyle implements RunningStyle {
  readonly #host: PluginHost;
  readonly #plugin: Plugin;
  readonly #widths: ModelWidths;
  /** Lowered as the file has it, where the plugin makes no layers of its own. */
  readonly #file: Hypernetwork | undefined;
  /** What the plugin was told last; undefined: nothing yet. */
  #values: Readonly<Record<string, number>> = {};
  #scene: Scene | undefined;
  #schedule: StepSchedule | undefined;
  #phase: number | undefined;
  /** Layers by phase, as long as the scene and the values stay the same. */
  readonly #made = new Map<number, StyleNetwork>();
  #madeBytes = 0;
  /** The standard plugin, which applies layers to the text context for a plugin that only makes them. */
  #applier: Plugin | undefined;
  #applied: LayerPair | undefined;

  private constructor(host: PluginHost, plugin: Plugin, widths: ModelWidths, file: Hypernetwork | undefined) {
    this.#host = host;
    this.#plugin = plugin;
    this.#widths = widths;
    this.#file = file;
  }

  /** Starts the plugin with its default parameters and hands over its weights files. */
  static async start(program: StyleProgram, widths: ModelWidths, host: PluginHost): Promise<PluginStyle> {
    const { name, wasm, cardSha256, weights } = program;
    const plugin = await host.start(name, wasm, cardSha256 === undefined ? {} : { cardSha256 });
    try {
      if (plugin.facts.offers.has('tincture_parameter')) await plugin.setParameters({});
      const files: (Hypernetwork | undefined)[] = [];
      for (const [set, source] of weights.entries()) files.push(await handOver(plugin, set, source));
      const makesLayers = plugin.facts.offers.has('tincture_layers');
      return new PluginStyle(host, plugin, widths, makesLayers ? undefined : files[0]);
    } catch (error) {
      await plugin.close();
      throw error;
    }
  }

  get parameters(): readonly StyleParameter[] {
    return this.#plugin.description.parameters;
  }

  async begin(scene: Scene, values: Readonly<Record<string, number>>): Promise<StepSchedule | undefined> {
    const { offers } = this.#plugin.facts;
    this.#plugin.beginPicture();
    this.#applier?.beginPicture();
    const newValues = this.parameters.some(
      ({ name, default: usual }) => values[name] !== (this.#values[name] ?? usual),
    );
    const newContext = offers.has('tincture_context') && !sameContext(scene, this.#scene);
    const newSteps = offers.has('tincture_schedule') && scene.steps !== this.#scene?.steps;
    if (newValues) await this.#plugin.setParameters(values);
    if (newValues || newContext || newSteps) {
      this.#made.clear();
      this.#madeBytes = 0;
      this.#phase = undefined;
      if (offers.has('tincture_context')) {
        await this.#plugin.showContext(scene.width, scene.rows, scene.context);
      }
      if (offers.has('tincture_schedule')) this.#schedule = await this.#plugin.schedule(scene.steps);
    }
    this.#values = values;
    this.#scene = scene;
    return this.#schedule;
  }

  async network(phase: number): Promise<StyleNetwork> {
    if (this.#file !== undefined) return this.#file;
    const kept = this.#made.get(phase);
    if (kept !== undefined) return kept;
    const { name, facts } = this.#plugin;
    const widths = new Map<number, LayerPair>();
    if (facts.offers.has('tincture_layers')) {
      await this.#enter(phase);
      for (const width of this.#wantedWidths()) {
        const blocks = await this.#plugin.layers(width);
        if (blocks !== undefined)
          widths.set(width, this.#keep(decodePair(`${name}, width ${width}`, width, blocks)));
      }
    }
    const made = { description: { name }, widths };
    this.#made.set(phase, made);
    return made;
  }

  async bend(phase: number, pair: ContextPair, strength: number): Promise<ContextPair> {
    if (this.#plugin.facts.offers.has('tincture_apply')) {
      await this.#enter(phase);
      return this.#plugin.apply(pair, strength);
    }
    const layers = (await this.network(phase)).widths.get(pair.width);
    if (layers === undefined) return pair;
    const { name } = this.#plugin;
    this.#applier ??= await this.#host.start(name, await loadStandardPlugin());
    if (this.#applied !== layers) {
      this.#applied = undefined;
      await this.#applier.load(0, pair.width, encodePair(`${name}, width ${pair.width}`, pair.width, layers));
      this.#applied = layers;
    }
    return this.#applier.apply(pair, strength);
  }

  async close(): Promise<void> {
    await Promise.all([this.#plugin.close(), this.#applier?.close()]);
  }

  async #enter(phase: number): Promise<void> {
    if (this.#phase === phase || !this.#plugin.facts.offers.has('tincture_phase')) return;
    await this.#plugin.setPhase(phase);
    this.#phase = phase;
  }

  /** Those of self-attention, and the text's where the plugin does not apply itself. */
  #wantedWidths(): Set<number> {
    const { contextWidth, selfAttentionWidths } = this.#widths;
    const applies = this.#plugin.facts.offers.has('tincture_apply');
    return new Set(applies ? selfAttentionWidths : [...selfAttentionWidths, contextWidth]);
  }

  #keep(pair: LayerPair): LayerPair {
    this.#madeBytes += bytesOf(pair.k) + bytesOf(pair.v);
    if (this.#madeBytes <= MAX_PICTURE_LAYERS_BYTES) return pair;
    throw new EngineError(
      'engine/style',
      `the style ${this.#plugin.name} makes too many layers for one picture`,
      {
        expected: `at most ${MAX_PICTURE_LAYERS_BYTES} bytes in all phases together`,
        found: `more than that at phase ${this.#phase ?? 0}`,
        fix: 'Give it fewer phases, or smaller layers.',
      },
    );
  }
}

function sameContext(a: Scene, b: Scene | undefined): boolean {
  if (b === undefined || a.width !== b.width || a.context.length !== b.context.length) return false;
  return a.context.every((value, index) => value === b.context[index]);
}

function bytesOf(stack: LayerStack): number {
  return stack.reduce((sum, layer) => sum + layerBytes(layer), 0);
}

function layerBytes(layer: Layer): number {
  if (layer.kind === 'activation') return layer.slope?.data.byteLength ?? 0;
  return layer.weight.data.byteLength + layer.bias.data.byteLength;
}
