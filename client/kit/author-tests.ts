// Runs an author's test files by Node's own test runner, each in a process of its own.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from 'node:test';
import type { Project } from './project.ts';
import { STYLE_VARIABLE, WIDTH_VARIABLE } from './testing.ts';

export interface AuthorTest {
  readonly name: string;
  /** Path in the folder. */
  readonly file: string;
  readonly line: number | null;
  /** Why it failed; null where it passed. */
  readonly problem: string | null;
}

/** Only against hangs: the first test waits for the text encoder. */
const TEST_LIMIT_MS = 120_000;

/** Every `.ts` file of the folder's `test`, by name. */
export async function testFiles({ folder }: Project): Promise<string[]> {
  const tests = join(folder, 'test');
  if ((await stat(tests).catch(() => undefined))?.isDirectory() !== true) return [];
  const names = await readdir(tests, { recursive: true });
  return names
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !name.includes('node_modules'))
    .sort()
    .map((name) => join(tests, name));
}

/** Runs the files with the packed style at `stylePath` and tells each test as it ends. */
export async function runAuthorTests(
  { folder, card }: Project,
  files: readonly string[],
  stylePath: string,
  onTest: (test: AuthorTest) => void,
  signal?: AbortSignal,
): Promise<void> {
  if (files.length === 0) return;
  process.env[STYLE_VARIABLE] = stylePath;
  process.env[WIDTH_VARIABLE] = String(card.base.contextWidth);
  const hooks = new URL('./testing-hooks.ts', import.meta.url).href;
  const events = run({
    files: [...files],
    isolation: 'process',
    concurrency: 1,
    timeout: TEST_LIMIT_MS,
    execArgv: ['--no-warnings', '--import', hooks],
    ...(signal === undefined ? {} : { signal }),
  });
  const show = (test: Omit<AuthorTest, 'file'> & { readonly file: string }): void =>
    onTest({ ...test, file: test.file.startsWith(folder) ? test.file.slice(folder.length + 1) : test.file });
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // A file is reported as a suite around its tests; where it could not run at all, it stands for itself.
    const { name, nesting, file = '', line = null, details } = data;
    const isFile = files.includes(name) || details.type === 'suite';
    const error = type === 'test:fail' ? details.error : undefined;
    if (nesting > 0 && error === undefined && isFile) continue;
    if (isFile && error === undefined) continue;
    if (isFile && error?.cause === undefined && error?.failureType === 'subtestsFailed') continue;
    show({
      name,
      file: file === '' ? name : file,
      line,
      problem: error === undefined ? null : wordsOf(error),
    });
  }
}

function wordsOf(error: Error): string {
  const cause = error.cause;
  return cause instanceof Error ? cause.message : typeof cause === 'string' ? cause : error.message;
}
