// Makes an author's folder from a template: all of it beside its place first, then renamed into it. In Node.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TinctureError } from '../../plugins/contract/error.ts';
import { compress } from '../../plugins/low-rank/compress.ts';
import { fileSource } from '../formats/node-file.ts';
import { HypernetworkError } from '../hypernetwork/errors.ts';
import { readHypernetwork } from '../hypernetwork/read.ts';
import { CARD_FILE } from './author-card.ts';
import { COMPILER_TYPES, SDK_SOURCE } from './library.ts';
import { fillTemplate, formatCard, type TemplateName, templateWeights } from './templates.ts';

const TEMPLATE_FOLDER = fileURLToPath(new URL('./templates/', import.meta.url));
const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
/** How the templates' READMEs write a command; npm finds the checkout from every folder inside it. */
const COMMAND = 'npm run -s tincture --';
/** Templates whose weights files are hypernetworks; the others' are tensors with names of their own. */
const TAKES_HYPERNETWORKS: ReadonlySet<TemplateName> = new Set(['hypernetwork', 'blend']);

/** A hypernetwork's file becomes this many times smaller as factors. */
const COMPRESSION = 8;

export interface CreatedProject {
  readonly folder: string;
  /** Paths in it. */
  readonly files: readonly string[];
  /** What the author should know. */
  readonly notes: readonly string[];
  /** What stands before a command's name in that folder. */
  readonly command: string;
}

/**
 * Makes `path` from a template; `weights` replace the template's weights files, in order. Throws `kit/exists` for a path that is
 * there, `kit/name`, and `kit/weights` for weights that the template does not take. A failure leaves nothing behind.
 */
export async function createProject(
  path: string,
  template: TemplateName,
  weights: readonly string[],
): Promise<CreatedProject> {
  const folder = resolve(path);
  if ((await stat(folder).catch(() => undefined)) !== undefined) {
    throw new TinctureError('kit/exists', 'this is there already, and is left alone', {
      where: folder,
      fix: 'Choose another name.',
    });
  }
  if ((await stat(dirname(folder)).catch(() => undefined))?.isDirectory() !== true) {
    throw new TinctureError('kit/exists', 'the folder that it would lie in does not exist', {
      where: dirname(folder),
    });
  }
  const notes: string[] = [];
  const texts = fillTemplate(await readTemplate(template), basename(folder));
  const files = new Map<string, string | Uint8Array>(Object.entries(texts));
  for (const [name, bytes] of Object.entries(templateWeights(template))) files.set(name, bytes);
  if (weights.length > 0) await replaceWeights(template, weights, files, notes);
  const command = await commandIn(folder);
  files.set('README.md', texts['README.md']!.replaceAll(COMMAND, command));
  files.set('.gitignore', 'build/\nassembly/tsconfig.json\n');
  files.set('assembly/tsconfig.json', editorConfig());
  await writeAll(folder, files);
  return { folder, files: [...files.keys()].sort(), notes, command };
}

/** The command as it works when typed in `folder`, which need not be there yet. */
async function commandIn(folder: string): Promise<string> {
  const checkout = await realpath(CHECKOUT);
  const place = join(await realpath(dirname(folder)), basename(folder));
  const down = relative(checkout, place);
  if (down.split(/[\\/]/)[0] !== '..' && !isAbsolute(down)) return COMMAND;
  const up = relative(place, checkout).replaceAll('\\', '/');
  return COMMAND.replace('npm', `npm --prefix ${/^[\w./:-]+$/.test(up) ? up : `"${up}"`}`);
}

/** The template's texts by path. */
export async function readTemplate(template: TemplateName): Promise<Record<string, string>> {
  const folder = join(TEMPLATE_FOLDER, template);
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts: Record<string, string> = {};
  for (const entry of names) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    texts[path.slice(folder.length + 1).replaceAll('\\', '/')] = await readFile(path, 'utf8');
  }
  return texts;
}

async function replaceWeights(
  template: TemplateName,
  weights: readonly string[],
  files: Map<string, string | Uint8Array>,
  notes: string[],
): Promise<void> {
  const card = JSON.parse(files.get(CARD_FILE) as string) as {
    base: Record<string, unknown>;
    files: { weights: string[] };
  };
  const own = card.files.weights;
  if (weights.length !== own.length) {
    throw new TinctureError('kit/weights', `the template ${template} has another number of weights files`, {
      expected: own.length === 0 ? 'no --weights' : `--weights ${own.length} times`,
      found: String(weights.length),
    });
  }
  for (const [index, file] of weights.entries()) {
    const { widths, bytes, ending } = await readWeights(template, file, notes);
    const path = own[index]!.replace(/\.safetensors$/, ending);
    files.delete(own[index]!);
    files.set(path, bytes);
    own[index] = path;
    if (widths !== undefined && index === 0) chooseBase(card.base, widths, notes);
  }
  files.set(CARD_FILE, formatCard(card));
}

interface TakenWeights {
  readonly bytes: Uint8Array;
  readonly ending: '.pt' | '.safetensors';
  /** Context widths; undefined for tensors that are no hypernetwork. */
  readonly widths: readonly number[] | undefined;
}

/** A weights file as the template takes it: hypernetworks as they are, or compressed for the low-rank one. */
async function readWeights(template: TemplateName, file: string, notes: string[]): Promise<TakenWeights> {
  const source = await fileSource(file);
  const network = await readHypernetwork(source).catch((error: unknown) => {
    const other = error instanceof HypernetworkError && error.code === 'hypernetwork/not-a-hypernetwork';
    if (other && !TAKES_HYPERNETWORKS.has(template)) return undefined;
    throw error;
  });
  const bytes = new Uint8Array(await readFile(file));
  if (network === undefined) return { bytes, ending: '.safetensors', widths: undefined };
  const widths = [...network.widths.keys()];
  if (template === 'low-rank') {
    const { file: compressed } = compress(network, Math.floor(bytes.length / COMPRESSION));
    const ratio = (bytes.length / compressed.length).toFixed(1);
    notes.push(`${file} is ${ratio} times smaller as factors; \`tincture preview\` shows what is left of it`);
    return { bytes: compressed, ending: '.safetensors', widths };
  }
  if (TAKES_HYPERNETWORKS.has(template)) {
    return { bytes, ending: extname(file) === '.pt' ? '.pt' : '.safetensors', widths };
  }
  throw new TinctureError('kit/weights', `the template ${template} does not take hypernetworks`, {
    where: file,
    expected: 'safetensors with the tensors that its README names',
    fix: 'Use --template hypernetwork.',
  });
}

/** Widths of the text context: of Stable Diffusion 1.x, and of the model that comes with Tincture. */
const TEXT_WIDTHS = [768, 96];

function chooseBase(base: Record<string, unknown>, widths: readonly number[], notes: string[]): void {
  const width = TEXT_WIDTHS.find((candidate) => widths.includes(candidate));
  if (width !== undefined) base['contextWidth'] = width;
  else
    notes.push(
      `the weights are for widths ${widths.join(', ')}; put the text context's width into card.json, base.contextWidth`,
    );
}

/** What an editor needs to know of AssemblyScript and of the SDK: paths on this machine, so git leaves it out. */
function editorConfig(): string {
  const config = {
    extends: COMPILER_TYPES,
    compilerOptions: { paths: { tincture: [SDK_SOURCE] } },
    include: ['./**/*.ts'],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

async function writeAll(folder: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  const temporary = join(dirname(folder), `.${basename(folder)}.${randomUUID()}.part`);
  try {
    for (const [path, content] of files) {
      await mkdir(dirname(join(temporary, path)), { recursive: true });
      await writeFile(join(temporary, path), content, { flag: 'wx' });
    }
    await rename(temporary, folder);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true });
    throw new TinctureError('kit/exists', 'the folder cannot be made', {
      where: folder,
      found: (cause as Error).message,
      cause,
    });
  }
}
