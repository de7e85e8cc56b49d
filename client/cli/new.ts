// `tincture new`: a folder that builds, tests and runs as it is.

import { createProject } from '../kit/new.ts';
import { TEMPLATE_SUMMARIES, TEMPLATES, type TemplateName } from '../kit/templates.ts';
import { type Command, parseCommandLine, UsageError } from './command.ts';
import { json, table } from './output.ts';

const HELP = `Usage: tincture new NAME [--template TEMPLATE] [--weights FILE]… [--json]

Makes the folder NAME with a style that builds, tests and runs as it is. NAME may be a path; its last part is the style's
name, of lower-case letters, digits and single hyphens. An existing folder is left alone.

${table(TEMPLATES.map((name) => [`  ${name}`, TEMPLATE_SUMMARIES[name]]))}

  --template TEMPLATE   default: hypernetwork
  --weights FILE        a .pt or .safetensors in place of the template's small random weights; again for the next file
  --json                print { folder, template, files, command }`;

/** What an author runs next, in the new folder. */
const NEXT = ['build', 'test', 'preview', 'pack'];

export const create: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      template: { type: 'string' },
      weights: { type: 'string', multiple: true },
      json: { type: 'boolean' },
    });
    const [path, ...rest] = positionals;
    if (path === undefined || rest.length > 0) throw new UsageError('new takes one name');
    const template = templateOf(values.template ?? 'hypernetwork');
    const { folder, files, notes, command } = await createProject(path, template, values.weights ?? []);
    for (const note of notes) terminal.note(`note: ${note}`);
    if (values.json === true) {
      terminal.out(json({ folder, template, files, command }));
      return;
    }
    terminal.out(`${folder}: ${files.length} files of the template ${template}

  cd ${/^[\w./:-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`}
${NEXT.map((next) => `  ${command} ${next}`).join('\n')}`);
  },
};

function templateOf(name: string): TemplateName {
  const found = TEMPLATES.find((candidate) => candidate === name);
  if (found !== undefined) return found;
  throw new UsageError(`no template ${JSON.stringify(name)}; there are ${TEMPLATES.join(', ')}`);
}
