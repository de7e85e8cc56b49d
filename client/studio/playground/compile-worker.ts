// The compiler's Worker: AssemblyScript to WebAssembly, and the parts of a style to one file. The page may end it at any time.
import { TinctureError } from '../../index.ts';
import { compilePlugin } from '../../kit/compile.ts';
import { explainRefusal } from '../../kit/explain.ts';
import { packStyle } from '../../kit/pack.ts';
import type { CompilerFault, FromCompiler, ToCompiler } from './messages.ts';

const say = (message: FromCompiler, transfer: Transferable[] = []): void =>
  postMessage(message, { transfer });

addEventListener('message', ({ data }: MessageEvent<ToCompiler>) => {
  void answer(data).catch((thrown: unknown) => say({ kind: 'failed', id: data.id, fault: faultOf(thrown) }));
});

async function answer(message: ToCompiler): Promise<void> {
  const { id } = message;
  if (message.kind === 'compile') {
    const started = performance.now();
    const { request } = message;
    const { wasm, diagnostics } = await compilePlugin(request);
    // What no host would run is told as a finding in the source.
    const refusal = wasm && explainRefusal(wasm, request.files, request.entry);
    const result =
      refusal === undefined
        ? { wasm, diagnostics }
        : { wasm: undefined, diagnostics: [...diagnostics, refusal] };
    say({ kind: 'compiled', id, result: { ...result, milliseconds: performance.now() - started } });
  } else {
    const { bytes } = await packStyle(message.request);
    say({ kind: 'packed', id, bytes }, [bytes.buffer]);
  }
}

function faultOf(thrown: unknown): CompilerFault {
  if (thrown instanceof TinctureError) {
    const { fix } = thrown.facts;
    return { code: thrown.code, message: thrown.message, ...(fix === undefined ? {} : { fix }) };
  }
  return {
    code: 'playground/compiler',
    message: `the compiler broke: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
  };
}

// Several megabytes that are fetched once: the page's clock starts only when they are here.
await import('assemblyscript/asc');
say({ kind: 'ready' });
