// From an author's folder to a module, and from there to a style in memory. In Node; nothing is written here.

import { TinctureError } from '../../plugins/contract/error.ts';
import type { StyleCard } from '../../plugins/contract/style.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import { createNodeHost, loadStandardPlugin } from '../node.ts';
import { CARD_FILE } from './author-card.ts';
import { compileBounded } from './bounded-compile.ts';
import type { Diagnostic } from './diagnostics.ts';
import { explainRefusal } from './explain.ts';
import { readLibrary } from './library.ts';
import { type PackedStyle, packStyle } from './pack.ts';
import { type Project, readModule, readParts, readSources } from './project.ts';

export interface BuildOptions {
  readonly release: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface BuiltPlugin {
  /** Undefined where there are errors, and for a style without a plugin of its own. */
  readonly wasm: Uint8Array | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Whether a build has findings that forbid its use. */
export function failed({ diagnostics }: BuiltPlugin): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}

/**
 * Compiles the plugin that the card names, and checks it as every host does; a finished `.wasm` is only checked. What an
 * author can correct comes back as diagnostics.
 */
export async function buildPlugin(project: Project, { release, signal }: BuildOptions): Promise<BuiltPlugin> {
  const entry = project.card.files.plugin;
  if (entry === null) return { wasm: undefined, diagnostics: [] };
  if (entry.endsWith('.wasm')) {
    const wasm = await readModule(project, entry);
    validatePlugin(wasm, { name: entry });
    return { wasm, diagnostics: [] };
  }
  const files = await readSources(project);
  const request = { files, entry, release, library: await readLibrary() };
  const { wasm, diagnostics } = await compileBounded(request, { signal });
  if (wasm === undefined) return { wasm, diagnostics };
  const refusal = explainRefusal(wasm, files, entry);
  if (refusal === undefined) return { wasm, diagnostics };
  return { wasm: undefined, diagnostics: [...diagnostics, refusal] };
}

/** The range in which most styles look like themselves; a card may say another. */
const STRENGTH = { name: 'strength', default: 1, minimum: -1, maximum: 2 } as const;

/**
 * Packs the folder's card, files and module. The module is started once in the sandbox to hear which parameters it
 * describes. Throws `kit/card` where the card says others.
 */
export async function packProject(project: Project, wasm: Uint8Array | undefined): Promise<PackedStyle> {
  const { files: _, parameters: said, layers, ...card } = project.card;
  const described = await describedParameters(card.name, wasm ?? (await loadStandardPlugin()));
  const parameters = said ?? [STRENGTH, ...described];
  checkParameters(parameters, described);
  return packStyle({
    card: { ...card, parameters: [...parameters], ...(layers === undefined ? {} : { layers }) },
    plugin: wasm,
    ...(await readParts(project)),
  });
}

type Parameters = StyleCard['parameters'];

async function describedParameters(name: string, wasm: Uint8Array): Promise<Parameters> {
  const host = createNodeHost();
  try {
    const { description } = await host.start(name, wasm);
    return description.parameters.map(({ title: _, ...parameter }) => parameter);
  } finally {
    await host.close();
  }
}

function checkParameters(said: Parameters, described: Parameters): void {
  const own = said.filter(({ name }) => name !== STRENGTH.name);
  const spell = (list: Parameters): string =>
    list.map((it) => `${it.name} ${it.minimum} … ${it.default} … ${it.maximum}`).join('; ') || 'none';
  const sorted = (list: Parameters): Parameters => [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (spell(sorted(own)) === spell(sorted(described))) return;
  throw new TinctureError('kit/card', 'the card and the plugin name different parameters', {
    where: `${CARD_FILE}, parameters`,
    expected: `what the plugin describes, ${spell(described)}`,
    found: spell(own),
    fix: 'Leave parameters out of the card: packing asks the plugin.',
  });
}
