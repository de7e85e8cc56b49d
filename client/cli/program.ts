// The program without its process: the table of commands, help, and exit codes (1 for errors, 2 for wrong usage, 130 after Ctrl-C).
import { TinctureError } from '../../plugins/contract/error.ts';
import { type Command, type Terminal, UsageError } from './command.ts';
import { printable } from './output.ts';

/** A command is loaded when it is asked for: help must not wait for the engine's parts. */
interface Entry {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: readonly Entry[] = [
  {
    name: 'inspect',
    summary: 'what a .pt, .safetensors, .style, .wasm, .png or .json holds',
    load: async () => (await import('./inspect.ts')).inspect,
  },
  {
    name: 'convert',
    summary: 'a hypernetwork or an embedding from .pt to .safetensors, or back',
    load: async () => (await import('./convert.ts')).convert,
  },
  {
    name: 'merge',
    summary: 'hypernetworks of one shape to their weighted sum',
    load: async () => (await import('./merge.ts')).merge,
  },
  {
    name: 'apply',
    summary: 'run styles on a context, through the plugin sandbox',
    load: async () => (await import('./apply.ts')).apply,
  },
  {
    name: 'generate',
    summary: 'draw a picture from a prompt and styles',
    load: async () => (await import('./generate.ts')).generate,
  },
  {
    name: 'grid',
    summary: 'pictures along one or two axes on one sheet: strengths, styles, seeds, steps …',
    load: async () => (await import('./grid.ts')).grid,
  },
  {
    name: 'models',
    summary: 'add, list, verify and remove checkpoints',
    load: async () => (await import('./models.ts')).models,
  },
  {
    name: 'train',
    summary: 'a hypernetwork or an embedding, from a folder of pictures',
    load: async () => (await import('./train.ts')).train,
  },
  {
    name: 'compare',
    summary: 'a hypernetwork and an embedding trained on the same pictures, side by side',
    load: async () => (await import('./compare.ts')).compare,
  },
  {
    name: 'new',
    summary: 'a folder for a new style, from a template',
    load: async () => (await import('./new.ts')).create,
  },
  {
    name: 'build',
    summary: 'compile a style’s AssemblyScript to WebAssembly',
    load: async () => (await import('./build.ts')).build,
  },
  {
    name: 'check',
    summary: 'whether a plugin or style may run, what it does, how large and busy it is',
    load: async () => (await import('./check.ts')).check,
  },
  {
    name: 'test',
    summary: 'a style’s own tests, then the kit’s, in the real sandbox',
    load: async () => (await import('./test.ts')).test,
  },
  {
    name: 'preview',
    summary: 'a contact sheet: seeds by strengths',
    load: async () => (await import('./preview.ts')).preview,
  },
  {
    name: 'pack',
    summary: 'a style in one .style file, the same bytes everywhere',
    load: async () => (await import('./pack.ts')).pack,
  },
  {
    name: 'watch',
    summary: 'rebuild on save, redraw in the studio',
    load: async () => (await import('./watch.ts')).watch,
  },
  {
    name: 'search',
    summary: 'styles and embeddings of a registry',
    load: async () => (await import('./search.ts')).search,
  },
  {
    name: 'pull',
    summary: 'a style or embedding of a registry as one .style file',
    load: async () => (await import('./pull.ts')).pull,
  },
  {
    name: 'publish',
    summary: 'a style or an embedding to a registry, signed',
    load: async () => (await import('./publish.ts')).publish,
  },
  {
    name: 'yank',
    summary: 'hide a published version, or show it again',
    load: async () => (await import('./yank.ts')).yank,
  },
  {
    name: 'owner',
    summary: 'who may publish under a style’s name',
    load: async () => (await import('./owner.ts')).owner,
  },
  {
    name: 'login',
    summary: 'let this machine act for you at a registry',
    load: async () => (await import('./login.ts')).login,
  },
  {
    name: 'logout',
    summary: 'revoke and forget this machine’s token',
    load: async () => (await import('./login.ts')).logout,
  },
  {
    name: 'whoami',
    summary: 'who you are at a registry',
    load: async () => (await import('./token.ts')).whoami,
  },
  {
    name: 'token',
    summary: 'list, make and revoke tokens',
    load: async () => (await import('./token.ts')).token,
  },
  {
    name: 'admin',
    summary: 'the first administrator of a registry, and what administrators do',
    load: async () => (await import('./admin.ts')).admin,
  },
];

/** Errors of the library that come of wrong arguments. */
const USAGE_CODES: readonly string[] = ['engine/request', 'kit/grid'];

const HELP = `tincture: Stable Diffusion styles, drawn on this machine.

Usage: tincture COMMAND …
In the checkout, or a folder inside it: npm run -s tincture -- COMMAND …

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`).join('\n')}

tincture COMMAND --help tells a command's options. Errors exit with 1, wrong usage with 2.`;

/** Runs what the arguments say and gives the exit code; says everything to `terminal`. */
export async function runProgram([name, ...args]: readonly string[], terminal: Terminal): Promise<number> {
  if (name === undefined) {
    terminal.note(HELP);
    return 2;
  }
  if (['--help', '-h', 'help'].includes(name)) {
    const asked = COMMANDS.find((entry) => entry.name === args[0]);
    terminal.out(asked === undefined ? HELP : (await asked.load()).help);
    return 0;
  }
  const entry = COMMANDS.find((candidate) => candidate.name === name);
  if (entry === undefined) {
    terminal.note(`error: no command ${JSON.stringify(name)}; tincture --help lists them`);
    return 2;
  }
  const command = await entry.load();
  if (args.includes('--help') || args.includes('-h')) {
    terminal.out(command.help);
    return 0;
  }
  try {
    await command.run(args, terminal);
    return 0;
  } catch (error) {
    return report(name, error, terminal);
  }
}

/** Prints an error and gives its exit code. */
function report(command: string, error: unknown, terminal: Terminal): number {
  const usage =
    error instanceof UsageError || (error instanceof TinctureError && USAGE_CODES.includes(error.code));
  if (usage) {
    terminal.note(`error: ${printable(error.message)}\ntincture ${command} --help tells the usage`);
    return 2;
  }
  if (error instanceof TinctureError) {
    terminal.note(`error: ${printable(error.message)}`);
    return error.code === 'cli/cancelled' ? 130 : 1;
  }
  terminal.note(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
}
