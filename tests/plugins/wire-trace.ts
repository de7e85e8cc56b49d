// Records what crosses between the host's own program and a plugin: every call, and every buffer in hexadecimal.
import type { Answer, Request } from '../../plugins/host/messages.ts';
import type { PluginHost } from '../../plugins/host/plugin.ts';
import { type SandboxPort, sandboxProgram } from '../../plugins/host/sandbox-program.ts';
import { sandboxedHost } from '../../plugins/host/sandboxed-host.ts';

type Call = (...values: number[]) => number | undefined;

/** A host in this very thread that runs the program of every home and appends what it sees to `lines`. */
export function tracingHost(lines: string[]): PluginHost {
  return sandboxedHost(async ({ onAnswer }) => {
    const port: SandboxPort = {
      onmessage: null,
      postMessage: (answer: Answer) => queueMicrotask(() => onAnswer(answer)),
    };
    const traced = {
      Module: WebAssembly.Module,
      CompileError: WebAssembly.CompileError,
      LinkError: WebAssembly.LinkError,
      Instance: class {
        readonly exports: object;
        constructor(module: WebAssembly.Module, imports: WebAssembly.Imports) {
          this.exports = tracedExports(new WebAssembly.Instance(module, imports).exports, lines);
        }
      },
    };
    // The program is text, as in every home; here its WebAssembly is the one that listens.
    const run = new Function('WebAssembly', `return ${sandboxProgram()}`)(traced) as (
      port: SandboxPort,
    ) => void;
    run(port);
    return { send: (request: Request) => port.onmessage?.({ data: request }), end() {} };
  });
}

function tracedExports(exports: WebAssembly.Exports, lines: string[]): object {
  const memory = exports['memory'] as WebAssembly.Memory;
  /** What the host holds, by pointer. */
  const lent = new Map<number, number>();
  const read = (at: number, length: number): string => Buffer.from(memory.buffer, at, length).toString('hex');
  const show = (verb: string, at: number, hex: string): void => {
    lines.push(`  ${verb} ${at}:`);
    for (let i = 0; i < hex.length; i += 32) {
      lines.push(`    ${hex.slice(i, i + 32).replace(/.{8}(?=.)/g, '$& ')}`);
    }
  };
  const traced = (name: string, call: Call): Call => {
    return (...values) => {
      const handed = name === 'tincture_alloc' || name === 'tincture_free' ? [] : [...lent];
      const before = handed.map(([at, length]) => read(at, length));
      handed.forEach(([at], i) => {
        show('the host writes at', at, before[i]!);
      });
      const result = call(...values);
      lines.push(`${name}(${values.join(', ')})${result === undefined ? '' : ` → ${result}`}`);
      handed.forEach(([at, length], i) => {
        const after = read(at, length);
        if (after !== before[i]) show('the host finds at', at, after);
      });
      if (name === 'tincture_alloc') lent.set(result!, values[0]!);
      if (name === 'tincture_free') lent.delete(values[0]!);
      if (name === 'tincture_describe') {
        show(
          'the host finds at',
          result!,
          read(result!, 4 + new DataView(memory.buffer).getUint32(result!, true)),
        );
      }
      if (name === 'tincture_layers' && result === 0) {
        const [table, count] = new Uint32Array(memory.buffer, values[2]!, 2) as unknown as [number, number];
        show('the host finds at', table, read(table, 8 * count));
        for (let i = 0; i < count; i++) {
          const [at, length] = new Uint32Array(memory.buffer, table + 8 * i, 2) as unknown as [
            number,
            number,
          ];
          show('the host finds at', at, read(at, length));
        }
      }
      return result;
    };
  };
  return Object.fromEntries(
    Object.entries(exports).map(([name, value]) => [
      name,
      typeof value === 'function' ? traced(name, value as Call) : value,
    ]),
  );
}
