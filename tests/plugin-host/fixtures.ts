// Compiles the plugins that the contract runs. Node does it; other homes are handed the bytes.
import { compileText } from '../plugins/module-text.ts';
import type { Fixtures } from './expectations.ts';
import { HOSTILE_TEXTS, loadingText } from './hostile.ts';
import { SPEAKING_TEXTS } from './speaking.ts';

/** All of them, and one whose body has the wrong type. */
export async function pluginFixtures(): Promise<Fixtures> {
  const built: Record<string, Uint8Array<ArrayBuffer>> = {};
  for (const [name, text] of Object.entries({ ...HOSTILE_TEXTS, ...SPEAKING_TEXTS })) {
    built[name] = await compileText(text);
  }
  built['illTyped'] = await compileText(loadingText({ tincture_apply: '(f64.const 1)' }), false);
  return built as Fixtures;
}
