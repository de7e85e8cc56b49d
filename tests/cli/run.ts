// Runs the command line as its users do, with its two streams and its exit code: in this process, or in one of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../../client/cli/program.ts';

const MAIN = fileURLToPath(new URL('../../client/cli/main.ts', import.meta.url));
/** Folder of the golden files. */
export const GOLDEN = fileURLToPath(new URL('../golden', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `tincture` with these arguments, in a process of its own. */
export function start(...args: string[]): ChildProcess {
  return startIn({}, args);
}

/** As `start`, with variables beside the environment's, and a text on stdin. */
export function startIn(
  variables: Readonly<Record<string, string>>,
  args: readonly string[],
  stdin?: string,
): ChildProcess {
  const child = spawn(process.execPath, ['--no-warnings', MAIN, ...args], {
    env: { ...process.env, ...variables },
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(stdin);
  return child;
}

/** Waits for the end. */
export async function finish(child: ChildProcess): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  return { code, stdout, stderr };
}

/** The program without a process, which takes seconds to start on a busy machine. */
export async function tincture(...args: string[]): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  const code = await runProgram(args, {
    out: (text) => {
      stdout += `${text}\n`;
    },
    note: (text) => {
      stderr += `${text}\n`;
    },
  });
  return { code, stdout, stderr };
}

/** As `tincture`, for a run that must succeed: gives its stdout as JSON. */
export async function tinctureJson(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await tincture(...args, '--json');
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}
