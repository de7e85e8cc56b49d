// The sandbox program travels as its own source text: it must still stand alone after a bundler and a minifier.
import { build } from 'vite';
import { expect, test } from 'vitest';
import { loadStandardPlugin } from '../../client/plugin-host/standard-plugin.ts';

const ENTRY = new URL('../../client/plugin-host/sandbox-program.ts', import.meta.url).pathname;

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
    const answers = await answersOf(sandboxProgram(), [
      { kind: 'start', id: 0, module: await loadStandardPlugin() },
      { kind: 'apply', id: 1, width: 4, rows: 1, strength: 1, k, v: k.slice() },
      { kind: 'start', id: 2, module: new Uint8Array(8) },
    ]);
    expect(answers).toMatchObject([
      { kind: 'done', id: 0 },
      { kind: 'failed', id: 1, failure: 'refused', text: 'no layers for width 4' },
      { kind: 'failed', id: 2, failure: 'invalid' },
    ]);
  });
}
