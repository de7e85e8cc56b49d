// Compiles an author's AssemblyScript in memory: the same in Node and in a browser's Worker. No file is read or written.
import { TinctureError } from '../../plugins/contract/error.ts';
// biome-ignore format: the next line speaks of one line only
// biome-ignore lint/correctness/useImportExtensions: the rule takes the types beside it for the module
import { DEBUG_FLAGS, RELEASE_FLAGS, RUNTIME_FILE, RUNTIME_FOLDER, RUNTIME_SOURCE } from '../../wasm/flags.mjs';
import { type Diagnostic, placeless, placeOf, type Severity } from './diagnostics.ts';

/** Sources by path, `/` between folders, no leading `/` or `./`. */
export type SourceFiles = Readonly<Record<string, string>>;

export interface CompileRequest {
  /** The author's sources, such as `assembly/index.ts`. */
  readonly files: SourceFiles;
  /** Which of them is compiled; what it exports becomes the module's exports. */
  readonly entry: string;
  /**
   * What `import … from 'tincture'` reaches: the SDK and the kernels by their paths in this repository,
   * `plugins/sdk/assembly/*.ts` and `wasm/assembly/*.ts`.
   */
  readonly library: SourceFiles;
  /** Optimised without assertions; else with function names and assertions that trap. */
  readonly release: boolean;
}

export interface CompileResult {
  /** Undefined where there are errors. */
  readonly wasm: Uint8Array<ArrayBuffer> | undefined;
  /** In the order found; warnings come with a module too. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Bounds of what is handed to the compiler. */
export const MAX_SOURCE_FILES = 200;
export const MAX_SOURCE_CHARACTERS = 4 * 2 ** 20;

/** How authors name the SDK. */
export const SDK_PACKAGE = 'tincture';
const SDK_ENTRY = 'plugins/sdk/assembly/index';
/** Where the compiler looks for a package, and how it spells a file of one. */
const PACKAGE_FOLDER = `node_modules/${SDK_PACKAGE}/`;
const PACKAGE_LIBRARY = `~lib/${SDK_PACKAGE}/`;
const OUTPUT = 'module.wasm';
/** A warning about vectors in signatures, which the flags silence only in the compiler's own printing. */
const VECTOR_EXCHANGE = 112;
/** asc's categories of messages. */
const SEVERITIES: readonly Severity[] = ['info', 'info', 'warning', 'error'];

/**
 * Runs the compiler over the files in hand. Same files, same bytes. What the author can correct comes back as
 * diagnostics; throws `kit/sources` for files beyond the bounds or a missing entry, and `kit/compiler` where the
 * compiler itself broke. It runs until it is done: a caller who must bound its time runs it in a Worker and ends that.
 */
export async function compilePlugin(request: CompileRequest): Promise<CompileResult> {
  checkSources(request);
  const asc = await import('assemblyscript/asc');
  const diagnostics: Diagnostic[] = [];
  let wasm: Uint8Array<ArrayBuffer> | undefined;
  const { error } = await asc.main(
    [request.entry, '--outFile', OUTPUT, ...(request.release ? RELEASE_FLAGS : DEBUG_FLAGS)],
    {
      stdout: silence(),
      stderr: silence(),
      readFile: (name, folder) => read(request, name, folder),
      writeFile: (name, contents) => {
        if (name === OUTPUT && typeof contents !== 'string') wasm = new Uint8Array(contents);
      },
      listFiles: (folder) => (folder === RUNTIME_FOLDER ? [RUNTIME_FILE] : []),
      reportDiagnostic: (message) => {
        if (message.code !== VECTOR_EXCHANGE) diagnostics.push(diagnosticOf(request, message));
      },
    },
  );
  const failed = diagnostics.some(({ severity }) => severity === 'error');
  if (error !== null && !failed) throw compilerBroke(error.message);
  if (wasm === undefined && !failed) throw compilerBroke('it wrote no module');
  return { wasm: failed ? undefined : wasm, diagnostics };
}

/** The error for a compiler that ended without an answer. */
export function compilerBroke(found: string): TinctureError {
  return new TinctureError('kit/compiler', 'the AssemblyScript compiler broke', {
    found,
    fix: 'Undo the last change, or try it in smaller parts.',
  });
}

function checkSources({ files, entry }: CompileRequest): void {
  const names = Object.keys(files);
  const characters = names.reduce((sum, name) => sum + files[name]!.length, 0);
  if (names.length > MAX_SOURCE_FILES || characters > MAX_SOURCE_CHARACTERS) {
    throw new TinctureError('kit/sources', 'there is too much source', {
      expected: `at most ${MAX_SOURCE_FILES} files and ${MAX_SOURCE_CHARACTERS} characters`,
      found: `${names.length} files, ${characters} characters`,
    });
  }
  if (!Object.hasOwn(files, entry) || !entry.endsWith('.ts')) {
    throw new TinctureError('kit/sources', 'there is no such source to compile', {
      where: entry,
      expected: 'the path of a .ts file that is there',
      found: names.slice(0, 10).join(', ') || 'no files',
    });
  }
}

/** What the compiler asks for: the author's files, the runtime, or the SDK's files as a package. */
function read({ files, library }: CompileRequest, asked: string, folder: string): string | null {
  if (folder === RUNTIME_FOLDER) return asked === RUNTIME_FILE ? own(library, RUNTIME_SOURCE) : null;
  const name = asked.replaceAll('\\', '/');
  const at = name.indexOf(PACKAGE_FOLDER);
  if (at >= 0) {
    const path = name.slice(at + PACKAGE_FOLDER.length);
    if (path === 'index.ts') return `export * from './${SDK_ENTRY}';\n`;
    return own(library, path);
  }
  return own(files, name.replace(/^\.\//, ''));
}

function own(files: SourceFiles, path: string): string | null {
  return Object.hasOwn(files, path) ? files[path]! : null;
}

interface CompilerMessage {
  readonly code: number;
  readonly category: number;
  readonly message: string;
  readonly range: CompilerRange | null;
  readonly relatedRange: CompilerRange | null;
}
interface CompilerRange {
  readonly start: number;
  readonly end: number;
  readonly source: { readonly normalizedPath: string };
}

function diagnosticOf(request: CompileRequest, found: CompilerMessage): Diagnostic {
  const { code, category, range, relatedRange } = found;
  const severity = SEVERITIES[category] ?? 'error';
  const message = inAuthorsTerms(found.message);
  if (range === null) return { ...placeless(severity, message), code };
  return {
    ...placeIn(request, range),
    severity,
    message,
    code,
    ...(relatedRange === null ? {} : { related: placeIn(request, relatedRange) }),
  };
}

function placeIn({ files, library }: CompileRequest, { start, end, source }: CompilerRange) {
  const path = source.normalizedPath;
  if (path.startsWith(PACKAGE_LIBRARY)) {
    const inside = path.slice(PACKAGE_LIBRARY.length);
    return placeOf(`${SDK_PACKAGE}/${inside}`, own(library, inside) ?? '', start, end);
  }
  return placeOf(path, own(files, path) ?? '', start, end);
}

/** The compiler speaks of its own library's paths; the author wrote the names of packages and types. */
function inAuthorsTerms(message: string): string {
  return message
    .replace(/File '~lib\/([^']+?)(?:\.ts)?' not found/, (_all, name: string) =>
      name.startsWith(`${SDK_PACKAGE}/`)
        ? `The package '${SDK_PACKAGE}' has no '${name.slice(SDK_PACKAGE.length + 1)}'; import from '${SDK_PACKAGE}'`
        : `There is no package '${name}'; a plugin imports '${SDK_PACKAGE}' and its own files`,
    )
    .replace(/~lib\/(?:[\w-]+\/)+(\w+)/g, '$1');
}

/** The compiler's own printing is not wanted: diagnostics come as records. */
function silence(): { write(): void } {
  return { write: () => {} };
}
