// A style that is a hypernetwork and nothing else: the standard plugin bends the text context.
import type { Hypernetwork } from '../hypernetwork/hypernetwork.ts';
import type { ContextPair, Plugin, PluginHost } from '../plugin-host/host.ts';
import { encodePair } from '../plugin-host/layer-block.ts';
import { loadStandardPlugin } from '../plugin-host/standard-plugin.ts';
import type { RunningStyle } from './running-style.ts';

export class DataStyle implements RunningStyle {
  readonly parameters = [];
  readonly #hypernetwork: Hypernetwork;
  /** Undefined: the network has no layers for the text context. */
  readonly #plugin: Plugin | undefined;

  private constructor(hypernetwork: Hypernetwork, plugin: Plugin | undefined) {
    this.#hypernetwork = hypernetwork;
    this.#plugin = plugin;
  }

  /** Starts the standard plugin if the network has layers for `contextWidth`. */
  static async start(
    name: string,
    hypernetwork: Hypernetwork,
    contextWidth: number,
    host: PluginHost,
  ): Promise<DataStyle> {
    const pair = hypernetwork.widths.get(contextWidth);
    if (pair === undefined) return new DataStyle(hypernetwork, undefined);
    const plugin = await host.start(name, await loadStandardPlugin());
    try {
      await plugin.load(0, contextWidth, encodePair(`${name}, width ${contextWidth}`, contextWidth, pair));
    } catch (error) {
      await plugin.close();
      throw error;
    }
    return new DataStyle(hypernetwork, plugin);
  }

  async begin(): Promise<undefined> {
    this.#plugin?.beginPicture();
  }

  async network(): Promise<Hypernetwork> {
    return this.#hypernetwork;
  }

  async bend(_phase: number, pair: ContextPair, strength: number): Promise<ContextPair> {
    return this.#plugin === undefined ? pair : this.#plugin.apply(pair, strength);
  }

  async close(): Promise<void> {
    await this.#plugin?.close();
  }
}
