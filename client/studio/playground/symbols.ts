// What the SDK offers, read off its sources: names, signatures and first sentences, for completion in the editor.
import type { SourceFiles } from '../../kit/compile.ts';

export interface SdkSymbol {
  readonly name: string;
  readonly kind: 'function' | 'class' | 'constant';
  /** As it is declared, without body and modifiers. */
  readonly signature: string;
  /** The first paragraph of its comment; empty without one. */
  readonly words: string;
}

const DECLARATION =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?(?:\/\/[^\n]*\n\s*)*(?:@\w+(?:\([^)]*\))?\s*)*export\s+(function|class|const)\s+(\w+)([^{=;]*)/g;

/** Everything that the package's index exports by name, and what the index declares itself, in the order of names. */
export function symbolsOf(library: SourceFiles, index: string): readonly SdkSymbol[] {
  const entry = library[index] ?? '';
  const wanted = new Set(
    [...entry.matchAll(/export\s*\{([^}]*)\}/g)].flatMap(([, names]) =>
      names!.split(',').map((name) => name.trim().replace(/^.*\sas\s+/, '')),
    ),
  );
  const found = new Map<string, SdkSymbol>();
  for (const [path, text] of Object.entries(library)) {
    for (const [, comment = '', keyword, name, rest] of text.matchAll(DECLARATION)) {
      if (!wanted.has(name!) && path !== index) continue;
      const kind = keyword === 'const' ? 'constant' : (keyword as 'function' | 'class');
      found.set(name!, { name: name!, kind, signature: signatureOf(name!, rest!), words: wordsOf(comment) });
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function signatureOf(name: string, rest: string): string {
  return `${name}${rest}`.replace(/\s+/g, ' ').trim();
}

function wordsOf(comment: string): string {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trim());
  const text = lines.join('\n').trim();
  return (text.split(/\n\s*\n|\n@/)[0] ?? '').replace(/\s+/g, ' ').trim();
}
