// Rebuilds a style whenever something in its folder changes: one build at a time, an outdated one is ended. In Node.
import { watch } from 'node:fs';
import { buildPlugin, failed, packProject } from './build.ts';
import { type Diagnostic, placeless } from './diagnostics.ts';
import type { PackedStyle } from './pack.ts';
import { openProject } from './project.ts';

/** Editors save in several steps. */
const QUIET_MS = 120;
/** Folders whose changes mean nothing: what the kit writes, and what it does not read. */
const IGNORED = /(^|[\\/])(build|node_modules|test|\.[^\\/]*)([\\/]|$)/;

export interface BuildNews {
  /** Undefined where the build failed. */
  readonly style: PackedStyle | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly milliseconds: number;
}

/** Builds once, and again after each change, until the signal is aborted; then it ends. */
export async function watchFolder(
  folder: string,
  onBuild: (news: BuildNews) => void,
  signal: AbortSignal,
): Promise<void> {
  let wake = (): void => {};
  let changed = true;
  let running = new AbortController();
  const watcher = watch(folder, { recursive: true, signal }, (_event, name) => {
    if (name !== null && IGNORED.test(name)) return;
    changed = true;
    running.abort();
    wake();
  });
  watcher.on('error', () => {});
  signal.addEventListener('abort', () => {
    running.abort();
    wake();
  });
  while (!signal.aborted) {
    if (!changed) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      continue;
    }
    await quiet();
    changed = false;
    running = new AbortController();
    const news = await buildOnce(folder, AbortSignal.any([running.signal, signal]));
    if (!running.signal.aborted && !signal.aborted) onBuild(news);
  }
}

function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, QUIET_MS));
}

async function buildOnce(folder: string, signal: AbortSignal): Promise<BuildNews> {
  const start = performance.now();
  const news = (style: PackedStyle | undefined, diagnostics: readonly Diagnostic[]): BuildNews => ({
    style,
    diagnostics,
    milliseconds: Math.round(performance.now() - start),
  });
  try {
    const project = await openProject(folder);
    const built = await buildPlugin(project, { release: true, signal });
    if (failed(built)) return news(undefined, built.diagnostics);
    return news(await packProject(project, built.wasm), built.diagnostics);
  } catch (error) {
    // Whatever it is, a file half-written or just gone included: the next change may mend it.
    return news(undefined, [placeless('error', (error as Error).message)]);
  }
}
