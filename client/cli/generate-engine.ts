// What commands that draw with generate's options share about the engine: its model, its backend, and a note on what lies idle.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { embeddingWord } from '../engine/embedding-source.ts';
import type { EngineOptions } from '../engine/engine.ts';
import { defined } from './generate-request.ts';
import { backendOf } from './runtime-option.ts';

const DEFAULT_MODEL = fileURLToPath(new URL('../default-model', import.meta.url));

/** `--registry`, `--backend` and `--runtime`. Throws UsageError for one that is none. */
export function engineOptionsOf(values: {
  readonly registry?: string;
  readonly backend?: string;
  readonly runtime?: string;
}): Pick<EngineOptions, 'registry' | 'backend'> {
  return {
    ...defined('registry', values.registry),
    ...defined('backend', backendOf(values.backend, values.runtime)),
  };
}

/** `--model`: a path goes before a model of the store, and that before the registry's. */
export async function modelOf(named: string | undefined): Promise<string> {
  if (named === undefined) return DEFAULT_MODEL;
  if (existsSync(named)) return named;
  const { storedModelFolder } = await import('../node.ts');
  return (await storedModelFolder(named)) ?? named;
}

/** A note for each embedding that no prompt names: a misspelt word would go unnoticed. `used` are the words that were found. */
export function idleEmbeddings(paths: readonly string[] = [], used: readonly string[]): string[] {
  const idle = paths.map(embeddingWord).filter((word) => !used.includes(word));
  return idle.map((word) => `the embedding ${word} is in neither prompt, so it changes nothing`);
}
