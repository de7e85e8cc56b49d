// One plugin in its sandbox: what is handed over is checked, and every answer too.
import type { OptionalFunction } from '../contract/abi.ts';
import type { PluginDescription } from '../contract/description.ts';
import { MAX_PHASES, MAX_STEPS } from '../contract/limits.ts';
import { PluginError } from '../contract/plugin-error.ts';
import type { PluginFacts } from '../contract/validator.ts';
import { readContexts, readLayers, readSchedule } from './answers.ts';
import {
  checkContext,
  checkContextPair,
  checkSet,
  checkTensorCount,
  checkWhole,
  checkWidth,
  parameterValues,
} from './checks.ts';
import type { Connection } from './connection.ts';
import { readHeaders } from './layer-header.ts';
import type { ContextPair, LayerBlocks, Plugin, StepSchedule } from './plugin.ts';
import { checkTensor } from './tensor-header.ts';

type Block = Uint8Array<ArrayBuffer>;

export class SandboxedPlugin implements Plugin {
  readonly name: string;
  readonly facts: PluginFacts;
  readonly description: PluginDescription;
  readonly #line: Connection;
  /** What was handed over last, but not wholly taken; a stack may be half of the old and half of the new. */
  readonly #incomplete = new Map<string, { readonly width: number | undefined }>();

  /** Of a line whose sandbox has started the module. */
  constructor(line: Connection, facts: PluginFacts, description: PluginDescription) {
    this.name = line.name;
    this.facts = facts;
    this.description = description;
    this.#line = line;
  }

  beginPicture(): void {
    this.#line.refill();
  }

  async setParameters(values: Readonly<Record<string, number>>): Promise<void> {
    const all = parameterValues(this.name, this.description, values);
    if (all.length === 0) return;
    this.#needs('tincture_parameter');
    await this.#line.enqueue(() => this.#line.ask({ kind: 'parameters', values: all }, [], 'done'));
  }

  async load(set: number, width: number, blocks: LayerBlocks): Promise<void> {
    this.#needs('tincture_load');
    checkSet(this.name, set);
    checkWidth(this.name, width);
    readHeaders(`${this.name}, width ${width}, keys`, width, blocks.k, 'input');
    readHeaders(`${this.name}, width ${width}, values`, width, blocks.v, 'input');
    const owned = ownBuffers([...blocks.k, ...blocks.v]);
    const k = owned.slice(0, blocks.k.length);
    const v = owned.slice(blocks.k.length);
    await this.#handOver(`the layers for width ${width}`, `${set}/${width}`, width, () =>
      this.#line.ask({ kind: 'load', set, width, k, v }, buffersOf(owned), 'done'),
    );
  }

  async loadTensors(set: number, blocks: readonly Block[]): Promise<void> {
    this.#needs('tincture_tensor');
    checkSet(this.name, set);
    checkTensorCount(this.name, blocks.length);
    blocks.forEach((block, index) => {
      checkTensor(`${this.name}, tensor ${index}`, block);
    });
    const owned = ownBuffers(blocks);
    await this.#handOver('the tensors', String(set), undefined, () =>
      this.#line.ask({ kind: 'tensors', set, blocks: owned }, buffersOf(owned), 'done'),
    );
  }

  async showContext(width: number, rows: number, context: Float32Array): Promise<void> {
    this.#needs('tincture_context');
    checkContext(this.name, width, rows, context);
    const own = new Float32Array(context);
    await this.#line.enqueue(() =>
      this.#line.ask({ kind: 'context', width, rows, context: own }, [own.buffer], 'done'),
    );
  }

  async schedule(steps: number): Promise<StepSchedule> {
    checkWhole(this.name, 'number of steps', steps, 1, MAX_STEPS);
    const { offers } = this.facts;
    if (!offers.has('tincture_schedule')) {
      return { strengths: new Float32Array(steps).fill(1), phases: new Int32Array(steps) };
    }
    return this.#line.enqueue(async () => {
      const { entries } = await this.#line.ask({ kind: 'schedule', steps }, [], 'scheduled');
      return this.#judge(() => readSchedule(this.name, steps, entries, offers.has('tincture_phase')));
    });
  }

  async setPhase(phase: number): Promise<void> {
    this.#needs('tincture_phase');
    checkWhole(this.name, 'phase', phase, 0, MAX_PHASES - 1);
    await this.#line.enqueue(() => this.#line.ask({ kind: 'phase', phase }, [], 'done'));
  }

  async apply(context: ContextPair, strength: number): Promise<ContextPair> {
    this.#needs('tincture_apply');
    const { width, rows } = context;
    checkContextPair(this.name, context, strength);
    const k = context.k.slice();
    const v = isSame(context.k, context.v) ? undefined : context.v.slice();
    const buffers = v === undefined ? [k.buffer] : [k.buffer, v.buffer];
    return this.#line.enqueue(async () => {
      this.#checkComplete(width);
      const request = { kind: 'apply', width, rows, strength, k, v } as const;
      const bent = await this.#line.ask(request, buffers, 'applied');
      return this.#judge(() => readContexts(this.name, width, rows, bent));
    });
  }

  async layers(width: number): Promise<LayerBlocks | undefined> {
    this.#needs('tincture_layers');
    checkWidth(this.name, width);
    return this.#line.enqueue(async () => {
      this.#checkComplete(width);
      const { k, v } = await this.#line.ask({ kind: 'layers', width }, [], 'layered');
      return this.#judge(() => readLayers(this.name, width, k, v));
    });
  }

  async close(): Promise<void> {
    this.#line.close();
  }

  #needs(name: OptionalFunction): void {
    if (this.facts.offers.has(name)) return;
    throw new PluginError('input', `the plugin has no ${name}`, {
      where: this.name,
      expected: 'only what it offers',
      found: [...this.facts.offers].join(', '),
    });
  }

  /** Until everything is in, what was handed over is incomplete. */
  async #handOver(
    what: string,
    key: string,
    width: number | undefined,
    ask: () => Promise<unknown>,
  ): Promise<void> {
    await this.#line.enqueue(async () => {
      this.#incomplete.set(`${what} of file ${key}`, { width });
      await ask();
      this.#incomplete.delete(`${what} of file ${key}`);
    });
  }

  #checkComplete(width: number): void {
    for (const [what, missing] of this.#incomplete) {
      if (missing.width !== undefined && missing.width !== width) continue;
      throw new PluginError('refused', `${what} did not load`, { where: this.name });
    }
  }

  /** A plugin whose answer is not what the ABI asks is over. */
  #judge<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (cause instanceof PluginError && cause.kind !== 'invalid') throw cause;
      throw this.#line.end(
        cause instanceof PluginError
          ? cause
          : new PluginError('trap', 'the sandbox gave an impossible answer', { where: this.name, cause }),
      );
    }
  }
}

/** Whether both are the same values in memory, and not merely equal ones. */
function isSame(one: Float32Array, other: Float32Array): boolean {
  return one.buffer === other.buffer && one.byteOffset === other.byteOffset && one.length === other.length;
}

/** Blocks that each fill a buffer of their own, so that it can be handed over. */
function ownBuffers(blocks: readonly Block[]): Block[] {
  const seen = new Set<ArrayBuffer>();
  return blocks.map((block) => {
    const own = block.length === block.buffer.byteLength && !seen.has(block.buffer) ? block : block.slice();
    seen.add(own.buffer);
    return own;
  });
}

function buffersOf(blocks: readonly Block[]): ArrayBuffer[] {
  return blocks.map((block) => block.buffer);
}
