// `tincture`: the program in its process.
import { runProgram } from './program.ts';

const { stdout, stderr } = process;

// A reader that closes the pipe early, such as `head`, is no error.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await runProgram(process.argv.slice(2), {
  out: (text) => stdout.write(`${text}\n`),
  note: (text) => stderr.write(`${text}\n`),
  ...(stderr.isTTY && { bar: stderr }),
});
