// Building an author's folder for several commands: findings go to stderr as they are, and errors end the command.
import { TinctureError } from '../../plugins/contract/error.ts';
import { type BuiltPlugin, buildPlugin, failed, packProject } from '../kit/build.ts';
import { type Diagnostic, formatDiagnostic } from '../kit/diagnostics.ts';
import type { PackedStyle } from '../kit/pack.ts';
import type { Project } from '../kit/project.ts';
import { type Terminal, UsageError } from './command.ts';
import { printable } from './output.ts';

/** The one folder of the arguments, or this one. */
export function folderOf(command: string, positionals: readonly string[]): string {
  if (positionals.length > 1) throw new UsageError(`${command} takes one folder`);
  return positionals[0] ?? '.';
}

/** Prints findings for people. */
export function noteDiagnostics(diagnostics: readonly Diagnostic[], terminal: Terminal): void {
  for (const diagnostic of diagnostics) terminal.note(printableLines(formatDiagnostic(diagnostic)));
}

/** Tabs stay: carets stand under them. */
function printableLines(text: string): string {
  return text.split('\t').map(printable).join('\t');
}

/** Throws `kit/build` where the findings hold errors. */
export function throwIfFailed(built: BuiltPlugin, project: Project): void {
  if (!failed(built)) return;
  const errors = built.diagnostics.filter(({ severity }) => severity === 'error').length;
  throw new TinctureError('kit/build', 'the plugin does not build; nothing was written', {
    where: project.card.files.plugin ?? project.folder,
    found: errors === 1 ? '1 error' : `${errors} errors`,
  });
}

/** Builds for release and packs in memory. */
export async function packFolder(
  project: Project,
  terminal: Terminal,
  signal?: AbortSignal,
): Promise<PackedStyle> {
  const built = await buildPlugin(project, { release: true, signal });
  noteDiagnostics(built.diagnostics, terminal);
  throwIfFailed(built, project);
  return packProject(project, built.wasm);
}
