// What the validator refuses, told as findings in the author's own sources.
import { OPTIONAL_FUNCTIONS, REQUIRED_FUNCTIONS } from '../../plugins/contract/abi.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import type { SourceFiles } from './compile.ts';
import { type Diagnostic, placeless, placeOf } from './diagnostics.ts';

/** What no host would run in a module that the compiler has just made; undefined where there is nothing. */
export function explainRefusal(wasm: Uint8Array, files: SourceFiles, entry: string): Diagnostic | undefined {
  try {
    validatePlugin(wasm, { name: entry });
    return undefined;
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    return explain(error, files, entry);
  }
}

/** How a refusal reads in the author's terms, and where it is. */
function explain({ what, facts, message }: PluginError, files: SourceFiles, entry: string): Diagnostic {
  const missing = /^export (\w+) is missing$/.exec(what)?.[1];
  if (missing !== undefined) {
    return at(
      files,
      entry,
      /^/,
      `the plugin must export ${missing}: add export { ${missing} } from 'tincture'`,
    );
  }
  const named = /^export (\w+) /.exec(what)?.[1];
  if (named !== undefined) {
    const rows: Readonly<Record<string, unknown>> = { ...REQUIRED_FUNCTIONS, ...OPTIONAL_FUNCTIONS };
    const signature = Object.hasOwn(rows, named)
      ? `${what}; expected ${facts.expected}, found ${facts.found}`
      : `${what}; the ABI has ${Object.keys(OPTIONAL_FUNCTIONS).join(', ')}`;
    return at(files, entry, new RegExp(`\\b${named}\\b`), signature);
  }
  if (what.includes('does nothing')) {
    return at(files, entry, /^/, 'the plugin does nothing: export tincture_apply or tincture_layers');
  }
  if (what.includes('import')) {
    // Such as `function env.console.log`.
    const name = /\w+\.([\w.]+)$/.exec(facts.found ?? '')?.[1] ?? '';
    return at(files, entry, new RegExp(`\\b${plain(SPELT_AS[name] ?? name)}\\b`), importWords(facts.found));
  }
  if (what.includes('start function')) {
    return at(
      files,
      entry,
      /^(?:export )?(?:let|const|var) .*(?:\bnew\b|\()/m,
      'something outside of all functions runs when the module starts, such as `new` or a call in a global; do it in tincture_abi_1 or where it is first needed',
    );
  }
  return placeless('error', message);
}

function importWords(found: string | undefined): string {
  return `a plugin may not import anything, and this asks its host for ${found ?? 'something'}; there is no console, clock or random number in the sandbox`;
}

/** What authors write for what the compiler imports under another name. */
const SPELT_AS: Readonly<Record<string, string>> = { seed: 'Math.random' };

function plain(name: string): string {
  return name.replace(/[^\w.]/g, '').replaceAll('.', '\\.');
}

/** An error at the first place that matches, the entry before the other files. */
function at(files: SourceFiles, entry: string, pattern: RegExp, message: string): Diagnostic {
  for (const file of [entry, ...Object.keys(files).filter((name) => name !== entry)]) {
    const text = files[file] ?? '';
    const match = pattern.exec(text);
    if (match === null) continue;
    return {
      ...placeOf(file, text, match.index, match.index + match[0].length),
      severity: 'error',
      message,
    };
  }
  return placeless('error', message);
}
