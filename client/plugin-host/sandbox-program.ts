// The program inside the sandbox: the only JavaScript beside the plugin. It travels as text, so it may use nothing outside itself.
import { ABI_MARKER, ALIGNMENT, STATUS } from '../../plugins/contract/abi.ts';
import { MAX_MESSAGE_BYTES } from '../../plugins/contract/limits.ts';
import type { Answer, FailureKind, Request } from './messages.ts';

/** What the program must know of the ABI; it cannot import. */
const CONSTANTS = {
  marker: ABI_MARKER,
  alignment: ALIGNMENT,
  status: STATUS,
  maxMessageBytes: MAX_MESSAGE_BYTES,
};
type Constants = typeof CONSTANTS;

/** The functions that the validator made sure of. */
interface PluginExports {
  readonly memory: WebAssembly.Memory;
  tincture_alloc(size: number): number;
  tincture_free(pointer: number): void;
  tincture_load(width: number, side: number, index: number, block: number, length: number): number;
  tincture_apply(width: number, rows: number, k: number, v: number, strength: number): number;
  tincture_error(): number;
}

/** The program's text: an expression that is a function of a MessagePort. The same in a page and in Node. */
export function sandboxProgram(): string {
  return `((port) => (${runSandbox.toString()})(port, ${JSON.stringify(CONSTANTS)}))`;
}

/** Answers the host's requests one by one. Nothing that a plugin returns is trusted: every pointer is held against the memory. */
function runSandbox(port: MessagePort, constants: Constants): void {
  let plugin: PluginExports | undefined;

  // No class: a compiler for older engines would make it call helpers that stay outside.
  const failure = (kind: FailureKind, text: string): Error =>
    Object.assign(new Error(text), { failure: kind });

  const inside = (pointer: number, bytes: number): boolean =>
    pointer + bytes <= (plugin as PluginExports).memory.buffer.byteLength;

  const start = (bytes: Uint8Array<ArrayBuffer>): void => {
    const module = new WebAssembly.Module(bytes);
    plugin = new WebAssembly.Instance(module, {}).exports as unknown as PluginExports;
    (plugin as unknown as Record<string, () => void>)[constants.marker]!();
  };

  /** Copies bytes into the plugin's memory and gives their place there. */
  const place = (bytes: Uint8Array): number => {
    const { tincture_alloc, memory } = plugin as PluginExports;
    const pointer = tincture_alloc(bytes.length) >>> 0;
    if (pointer === 0) throw failure('memory', `${bytes.length} more bytes do not fit`);
    if (pointer % constants.alignment !== 0 || !inside(pointer, bytes.length)) {
      throw failure('trap', `tincture_alloc gave ${pointer}, which is misaligned or outside the memory`);
    }
    new Uint8Array(memory.buffer, pointer, bytes.length).set(bytes);
    return pointer;
  };

  /** The plugin's own words, at most so many bytes of them. */
  const message = (): string => {
    const { tincture_error, memory } = plugin as PluginExports;
    const pointer = tincture_error() >>> 0;
    if (pointer === 0) return 'the plugin gave no reason';
    if (!inside(pointer, 4))
      throw failure('trap', `tincture_error gave ${pointer}, which is outside the memory`);
    const said = new DataView(memory.buffer).getUint32(pointer, true);
    const length = Math.min(said, constants.maxMessageBytes);
    if (!inside(pointer + 4, length)) throw failure('trap', 'the error text runs past the memory');
    return new TextDecoder().decode(new Uint8Array(memory.buffer, pointer + 4, length));
  };

  const check = (status: number): void => {
    if (status === constants.status.ok) return;
    throw failure(status === constants.status.outOfMemory ? 'memory' : 'refused', message());
  };

  const load = (width: number, side: number, blocks: readonly Uint8Array[]): void => {
    const { tincture_load, tincture_free } = plugin as PluginExports;
    blocks.forEach((block, index) => {
      const pointer = place(block);
      const status = tincture_load(width, side, index, pointer, block.length);
      tincture_free(pointer);
      check(status);
    });
  };

  /** In place: the results return in the buffers that the contexts came in. */
  const apply = (width: number, rows: number, strength: number, sides: readonly Uint8Array[]): void => {
    const { tincture_apply, tincture_free, memory } = plugin as PluginExports;
    const pointers: number[] = [];
    try {
      for (const side of sides) pointers.push(place(side));
      check(tincture_apply(width, rows, pointers[0]!, pointers[1]!, strength));
      sides.forEach((side, i) => {
        side.set(new Uint8Array(memory.buffer, pointers[i]!, side.length));
      });
    } finally {
      for (const pointer of pointers) tincture_free(pointer);
    }
  };

  const answer = (request: Request): Answer => {
    const { id } = request;
    if (request.kind === 'start') {
      start(request.module);
      return { kind: 'done', id };
    }
    if (request.kind === 'load') {
      load(request.width, 0, request.k);
      load(request.width, 1, request.v);
      return { kind: 'done', id };
    }
    const { width, rows, strength, k, v } = request;
    apply(width, rows, strength, [new Uint8Array(k.buffer), new Uint8Array(v.buffer)]);
    return { kind: 'applied', id, k, v };
  };

  const failed = (id: number, error: unknown): Answer => {
    const text = error instanceof Error ? error.message : String(error);
    if (error instanceof Error && 'failure' in error) {
      return { kind: 'failed', id, failure: error.failure as FailureKind, text };
    }
    const invalid = error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError;
    if (invalid) return { kind: 'failed', id, failure: 'invalid', text };
    // A memory that the engine cannot provide fails the instantiation with a RangeError.
    const noMemory = plugin === undefined && error instanceof RangeError;
    return { kind: 'failed', id, failure: noMemory ? 'memory' : 'trap', text };
  };

  port.onmessage = (event: MessageEvent<Request>) => {
    let reply: Answer;
    try {
      reply = answer(event.data);
    } catch (error) {
      reply = failed(event.data.id, error);
    }
    port.postMessage(reply, reply.kind === 'applied' ? [reply.k.buffer, reply.v.buffer] : []);
  };
}
