// The program inside the sandbox: the only JavaScript beside the plugin. It travels as text, so it may use nothing outside itself.
import { ABI_MARKER, ALIGNMENT, SIDE, STATUS } from '../contract/abi.ts';
import {
  MAX_DESCRIPTION_BYTES,
  MAX_LAYERS,
  MAX_LAYERS_BYTES,
  MAX_MESSAGE_BYTES,
} from '../contract/limits.ts';
import type { Answer, FailureKind, Request, StartRequest } from './messages.ts';

/** What the program must know of the ABI; it cannot import. */
const CONSTANTS = {
  marker: ABI_MARKER,
  alignment: ALIGNMENT,
  status: STATUS,
  side: SIDE,
  maxMessageBytes: MAX_MESSAGE_BYTES,
  maxDescriptionBytes: MAX_DESCRIPTION_BYTES,
  maxLayers: MAX_LAYERS,
  maxLayersBytes: MAX_LAYERS_BYTES,
};
type Constants = typeof CONSTANTS;

/** The end of the connection that the program holds; a MessagePort is one. */
export interface SandboxPort {
  onmessage: ((event: { readonly data: Request }) => void) | null;
  postMessage(answer: Answer, transfer: ArrayBuffer[]): void;
}

/** The functions whose names and signatures the validator made sure of; the host asks for none that is missing. */
interface PluginExports {
  readonly memory: WebAssembly.Memory;
  tincture_alloc(size: number): number;
  tincture_free(pointer: number): void;
  tincture_error(): number;
  tincture_describe(): number;
  tincture_parameter(index: number, value: number): number;
  tincture_load(
    set: number,
    width: number,
    side: number,
    index: number,
    block: number,
    length: number,
  ): number;
  tincture_tensor(set: number, block: number, length: number): number;
  tincture_context(width: number, rows: number, context: number): number;
  tincture_schedule(steps: number, out: number): number;
  tincture_phase(phase: number): number;
  tincture_apply(width: number, rows: number, k: number, v: number, strength: number): number;
  tincture_layers(width: number, side: number, out: number): number;
}

/** The program's text: an expression that is a function of a `SandboxPort`. The same in every home. */
export function sandboxProgram(): string {
  return `((port) => (${runSandbox.toString()})(port, ${JSON.stringify(CONSTANTS)}))`;
}

/** Answers the host's requests one by one. Nothing that a plugin returns is trusted: every pointer is held against the memory. */
function runSandbox(port: SandboxPort, constants: Constants): void {
  let plugin: PluginExports | undefined;
  let fuel: { readonly tank: { value: bigint }; readonly amount: bigint } | undefined;

  // No class: a compiler for older engines would make it call helpers that stay outside.
  const failure = (kind: FailureKind, text: string): Error =>
    Object.assign(new Error(text), { failure: kind });

  const failureOf = (error: unknown): FailureKind | undefined =>
    error instanceof Error && 'failure' in error ? (error.failure as FailureKind) : undefined;

  /** A part of the memory as it is now; every call may have moved it. */
  const view = (what: string, pointer: number, bytes: number, alignment: number): Uint8Array => {
    const { buffer } = (plugin as PluginExports).memory;
    if (pointer % alignment !== 0 || pointer + bytes > buffer.byteLength) {
      throw failure(
        'trap',
        `${what}: ${bytes} bytes at ${pointer} are misaligned or outside the memory of ${buffer.byteLength} bytes`,
      );
    }
    return new Uint8Array(buffer, pointer, bytes);
  };

  const integers = (what: string, pointer: number, count: number): Uint32Array =>
    new Uint32Array(view(what, pointer, 4 * count, 4).slice().buffer);

  const copy = (what: string, pointer: number, bytes: number, alignment: number): Uint8Array<ArrayBuffer> =>
    new Uint8Array(view(what, pointer, bytes, alignment));

  /** The plugin's own words, at most so many bytes of them. */
  const message = (): string => {
    const pointer = (plugin as PluginExports).tincture_error() >>> 0;
    if (pointer === 0) return 'the plugin gave no reason';
    const said = integers('the text of tincture_error', pointer, 1)[0]!;
    const length = Math.min(said, constants.maxMessageBytes);
    return new TextDecoder().decode(copy('the text of tincture_error', pointer + 4, length, 4));
  };

  const check = (status: number): void => {
    if (status === constants.status.ok) return;
    throw failure(status === constants.status.outOfMemory ? 'memory' : 'refused', message());
  };

  /** Copies bytes into the plugin's memory and gives their place there, which must be apart from `others`. */
  const place = (bytes: Uint8Array, others: readonly (readonly [number, number])[]): number => {
    const { tincture_alloc } = plugin as PluginExports;
    const pointer = tincture_alloc(bytes.length) >>> 0;
    if (pointer === 0) throw failure('memory', `${bytes.length} more bytes do not fit`);
    view('the buffer of tincture_alloc', pointer, bytes.length, constants.alignment).set(bytes);
    for (const [other, length] of others) {
      if (pointer < other + length && other < pointer + bytes.length) {
        throw failure('trap', `tincture_alloc gave ${pointer}, which overlaps the buffer at ${other}`);
      }
    }
    return pointer;
  };

  /** Calls with copies of `parts` in the plugin's memory. They are freed afterwards, unless the plugin is over. */
  const lend = (parts: readonly Uint8Array[], call: (...pointers: number[]) => void): void => {
    const lent: [number, number][] = [];
    let refusal: unknown;
    try {
      for (const part of parts) lent.push([place(part, lent), part.length]);
      call(...lent.map(([pointer]) => pointer));
    } catch (error) {
      const kind = failureOf(error);
      if (kind !== 'refused' && kind !== 'memory') throw error;
      refusal = error;
    }
    for (const [pointer] of lent) (plugin as PluginExports).tincture_free(pointer);
    if (refusal !== undefined) throw refusal;
  };

  const start = (request: StartRequest): Uint8Array<ArrayBuffer> | undefined => {
    const { module, describes } = request;
    // Some homes' types have no constructor, because they cannot compile.
    const Compiler = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module;
    const compiled = module instanceof WebAssembly.Module ? module : new Compiler(module);
    const { exports } = new WebAssembly.Instance(compiled, {});
    if (request.fuel !== undefined) {
      const tank = exports[request.fuel.global] as unknown as { value: bigint };
      fuel = { tank, amount: request.fuel.amount };
      tank.value = fuel.amount;
    }
    plugin = exports as unknown as PluginExports;
    (exports as unknown as Record<string, () => void>)[constants.marker]!();
    if (!describes) return undefined;
    const pointer = plugin.tincture_describe() >>> 0;
    const length = integers('the description', pointer, 1)[0]!;
    if (length > constants.maxDescriptionBytes) {
      throw failure(
        'invalid',
        `the description has ${length} bytes, more than ${constants.maxDescriptionBytes}`,
      );
    }
    return copy('the description', pointer + 4, length, 4);
  };

  const load = (set: number, width: number, side: number, blocks: readonly Uint8Array[]): void => {
    const { tincture_load } = plugin as PluginExports;
    blocks.forEach((block, index) => {
      lend([block], (pointer) => check(tincture_load(set, width, side, index, pointer!, block.length)));
    });
  };

  const schedule = (steps: number): Uint8Array<ArrayBuffer> => {
    let entries = new Uint8Array(8 * steps);
    lend([entries], (out) => {
      check((plugin as PluginExports).tincture_schedule(steps, out!));
      entries = copy('the schedule', out!, entries.length, 4);
    });
    return entries;
  };

  const layers = (width: number, side: number): Uint8Array<ArrayBuffer>[] | undefined => {
    let blocks: Uint8Array<ArrayBuffer>[] | undefined;
    lend([new Uint8Array(8)], (out) => {
      const status = (plugin as PluginExports).tincture_layers(width, side, out!);
      if (status === constants.status.unknownWidth) return;
      check(status);
      const [table, count] = integers('the answer of tincture_layers', out!, 2) as unknown as [
        number,
        number,
      ];
      if (count === 0 || count > constants.maxLayers) {
        throw failure('invalid', `a table of ${count} layers; 1 to ${constants.maxLayers} are possible`);
      }
      const entries = integers('the table of layers', table, 2 * count);
      const lengths = entries.filter((_, i) => i % 2 === 1);
      const total = lengths.reduce((sum, length) => sum + length, 0);
      if (total > constants.maxLayersBytes) {
        throw failure(
          'invalid',
          `a table of ${total} bytes of layers; at most ${constants.maxLayersBytes} are possible`,
        );
      }
      blocks = Array.from(lengths, (length, i) =>
        copy(`layer ${i}`, entries[2 * i]!, length, constants.alignment),
      );
    });
    return blocks;
  };

  const answer = (request: Request): Answer => {
    const { id } = request;
    if (request.kind === 'start') return { kind: 'started', id, description: start(request) };
    if (fuel !== undefined) fuel.tank.value = fuel.amount;
    const it = plugin as PluginExports;
    switch (request.kind) {
      case 'parameters':
        request.values.forEach((value, index) => {
          check(it.tincture_parameter(index, value));
        });
        return { kind: 'done', id };
      case 'load':
        load(request.set, request.width, constants.side.k, request.k);
        load(request.set, request.width, constants.side.v, request.v);
        return { kind: 'done', id };
      case 'tensors':
        for (const block of request.blocks) {
          lend([block], (pointer) => check(it.tincture_tensor(request.set, pointer!, block.length)));
        }
        return { kind: 'done', id };
      case 'context':
        lend([new Uint8Array(request.context.buffer)], (pointer) =>
          check(it.tincture_context(request.width, request.rows, pointer!)),
        );
        return { kind: 'done', id };
      case 'schedule':
        return { kind: 'scheduled', id, entries: schedule(request.steps) };
      case 'phase':
        check(it.tincture_phase(request.phase));
        return { kind: 'done', id };
      case 'apply': {
        const { width, rows, strength, k } = request;
        // Equal contexts came as one; each is copied into the plugin's memory, and the answer needs two.
        const v = request.v ?? k.slice();
        const sides = [new Uint8Array(k.buffer), new Uint8Array(v.buffer)];
        lend(sides, (...pointers) => {
          check(it.tincture_apply(width, rows, pointers[0]!, pointers[1]!, strength));
          // In place: the results return in the buffers that the contexts came in.
          sides.forEach((side, i) => {
            side.set(view('a context', pointers[i]!, side.length, constants.alignment));
          });
        });
        return { kind: 'applied', id, k, v };
      }
      case 'layers': {
        const { width } = request;
        return {
          kind: 'layered',
          id,
          k: layers(width, constants.side.k),
          v: layers(width, constants.side.v),
        };
      }
    }
  };

  const failed = (id: number, error: unknown): Answer => {
    // Some engines quote names of the module in what they throw.
    const text = (error instanceof Error ? error.message : String(error)).slice(0, constants.maxMessageBytes);
    const known = failureOf(error);
    if (known !== undefined) return { kind: 'failed', id, failure: known, text };
    if (fuel !== undefined && fuel.tank.value < 0n) return { kind: 'failed', id, failure: 'deadline', text };
    if (error instanceof WebAssembly.CompileError) return { kind: 'failed', id, failure: 'invalid', text };
    // A memory that the engine cannot provide fails the instantiation with a RangeError.
    const noMemory = plugin === undefined && error instanceof RangeError;
    return { kind: 'failed', id, failure: noMemory ? 'memory' : 'trap', text };
  };

  const buffersOf = (reply: Answer): ArrayBuffer[] => {
    if (reply.kind === 'applied') return [reply.k.buffer, reply.v.buffer];
    if (reply.kind !== 'layered') return [];
    return [...(reply.k ?? []), ...(reply.v ?? [])].map((block) => block.buffer);
  };

  port.onmessage = (event) => {
    let reply: Answer;
    try {
      reply = answer(event.data);
    } catch (error) {
      reply = failed(event.data.id, error);
    }
    const cost = fuel === undefined ? {} : { fuelUsed: fuel.amount - fuel.tank.value };
    port.postMessage({ ...reply, ...cost }, buffersOf(reply));
  };
}
