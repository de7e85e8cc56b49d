// `tincture`: the table of commands, help, and exit codes (1 for errors, 2 for wrong usage, 130 after Ctrl-C).
import { TinctureError } from '../../plugins/contract/error.ts';
import { apply } from './apply.ts';
import { type Command, type Terminal, UsageError } from './command.ts';
import { convert } from './convert.ts';
import { generate } from './generate.ts';
import { inspect } from './inspect.ts';
import { printable } from './output.ts';

const COMMANDS: readonly Command[] = [inspect, convert, apply, generate];

const HELP = `tincture: Stable Diffusion styles, drawn on this machine.

Usage: tincture COMMAND …

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`).join('\n')}

tincture COMMAND --help tells a command's options. Errors exit with 1, wrong usage with 2.`;

const terminal: Terminal = {
  out: (text) => process.stdout.write(`${text}\n`),
  note: (text) => process.stderr.write(`${text}\n`),
};

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const asked = COMMANDS.find((command) => command.name === args[0]);
    if (name === undefined) terminal.note(HELP);
    else terminal.out(asked?.help ?? HELP);
    return name === undefined ? 2 : 0;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) {
    terminal.note(`error: no command ${JSON.stringify(name)}; tincture --help lists them`);
    return 2;
  }
  if (args.includes('--help') || args.includes('-h')) {
    terminal.out(command.help);
    return 0;
  }
  try {
    await command.run(args, terminal);
    return 0;
  } catch (error) {
    return report(command, error);
  }
}

/** Prints an error and gives its exit code. */
function report(command: Command, error: unknown): number {
  const usage =
    error instanceof UsageError || (error instanceof TinctureError && error.code === 'engine/request');
  if (usage) {
    terminal.note(`error: ${printable(error.message)}\ntincture ${command.name} --help tells the usage`);
    return 2;
  }
  if (error instanceof TinctureError) {
    terminal.note(`error: ${printable(error.message)}`);
    return error.code === 'cli/cancelled' ? 130 : 1;
  }
  terminal.note(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
}

// A reader that closes the pipe early, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await main(process.argv.slice(2));
