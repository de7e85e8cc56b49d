// The sandbox program travels as its own source text: it must still stand alone after a bundler and a minifier.
import { build } from 'vite';
import { expect, test } from 'vitest';
import { pluginFixtures } from './fixtures.ts';

const ENTRY = new URL('../../plugins/host/sandbox-program.ts', import.meta.url).pathname;

async function minified(target: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, target, minify: true, lib: { entry: ENTRY, formats: ['es'] } },
  });
  const [bundle] = Array.isArray(result) ? result : [result];
  if (bundle === undefined || !('output' in bundle)) throw new Error('nothing was built');
  return bundle.output[0].code;
}

/** Runs the program as a function of a port, with no names around it but the language's own. */
async function answersOf(program: string, requests: readonly object[]): Promise<unknown[]> {
  const { port1, port2 } = new MessageChannel();
  new Function('port', `(${program})(port)`)(port2);
  const answers: unknown[] = [];
  for (const request of requests) {
    const answer = new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
    });
    port1.postMessage(request);
    answers.push(await answer);
  }
  port1.close();
  return answers;
}

for (const target of ['esnext', 'es2021', 'baseline-widely-available']) {
  test(`built for ${target}`, async () => {
    const url = `data:text/javascript,${encodeURIComponent(await minified(target))}`;
    const { sandboxProgram } = (await import(/* @vite-ignore */ url)) as { sandboxProgram(): string };
    const k = new Float32Array(4);
    const { speaking, refusesInWords } = await pluginFixtures();
    const answers = await answersOf(sandboxProgram(), [
      { kind: 'start', id: 0, module: speaking, describes: true },
      { kind: 'parameters', id: 1, values: [0.5, 1] },
      { kind: 'apply', id: 2, width: 4, rows: 1, strength: 2, k, v: k.slice() },
      { kind: 'layers', id: 3, width: 4 },
      { kind: 'start', id: 4, module: new Uint8Array(8), describes: false },
      { kind: 'start', id: 5, module: new WebAssembly.Module(refusesInWords), describes: false },
      { kind: 'apply', id: 6, width: 4, rows: 1, strength: 1, k, v: undefined },
    ]);
    expect(answers).toMatchObject([
      { kind: 'started', id: 0 },
      { kind: 'done', id: 1 },
      { kind: 'applied', id: 2, k: Float32Array.of(3, 0, 0, 0) },
      { kind: 'layered', id: 3, k: [{ length: 112 }], v: [{ length: 112 }] },
      { kind: 'failed', id: 4, failure: 'invalid' },
      { kind: 'started', id: 5, description: undefined },
      { kind: 'failed', id: 6, failure: 'refused', text: 'too loud!' },
    ]);
  });
}
