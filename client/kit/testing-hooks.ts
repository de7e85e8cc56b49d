// Makes `tincture/testing` mean this checkout's API in the process that runs an author's tests, wherever their folder lies.
import { registerHooks } from 'node:module';

const API = new URL('./testing.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    return specifier === 'tincture/testing' ? { url: API, shortCircuit: true } : next(specifier, context);
  },
});
