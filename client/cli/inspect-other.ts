// Inspecting what holds no tensors: plugins, pictures, descriptions.
import { TinctureError } from '../../plugins/contract/error.ts';
import { MAX_MODULE_BYTES } from '../../plugins/contract/limits.ts';
import { type PluginFacts, validatePlugin } from '../../plugins/contract/validator.ts';
import type { Embedding } from '../formats/embedding.ts';
import type { ByteSource } from '../formats/entry.ts';
import { pngSize } from '../formats/png.ts';
import { readPngText } from '../formats/png-text.ts';
import { type PictureParameters, parseParameters, parseStyleTags } from '../node.ts';
import { fileSize, json } from './output.ts';
import type { Report } from './report.ts';

/** A description is a few kilobytes; a picture of 8192 × 8192 pixels below this. */
const MAX_JSON_BYTES = 2 ** 20;
const MAX_PICTURE_BYTES = 512 * 2 ** 20;

export async function inspectPlugin(source: ByteSource): Promise<Report> {
  const bytes = await readAll(source, MAX_MODULE_BYTES);
  const verdict = validate(bytes, source.name);
  // Compiling runs nothing; a module that is no module is an error.
  let module: WebAssembly.Module;
  try {
    module = await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new TinctureError('cli/inspect', 'not a WebAssembly module', {
      where: source.name,
      found: (cause as Error).message,
      cause,
    });
  }
  const exports = WebAssembly.Module.exports(module).map(({ name, kind }) => ({ name, kind }));
  const imports = WebAssembly.Module.imports(module).map((item) => ({
    module: item.module,
    name: item.name,
    kind: item.kind,
  }));
  const { facts, problem } = verdict;
  const memory = facts?.memory ?? null;
  return {
    facts: {
      kind: 'plugin',
      abi: facts?.abiVersion ?? null,
      exports,
      imports,
      memory,
      functions: facts?.functions ?? null,
      relaxedSimd: facts?.relaxedSimd ?? null,
      problem,
    },
    rows: [
      ['exports', exports.map(({ name, kind }) => `${name} (${kind})`).join(', ') || 'none'],
      ['imports', imports.map((item) => `${item.module}.${item.name} (${item.kind})`).join(', ') || 'none'],
      ...(memory === null
        ? []
        : ([
            ['memory', `${fileSize(memory.minimumBytes)}, at most ${fileSize(memory.maximumBytes)}`],
          ] as const)),
      ...(facts === undefined ? [] : ([['ABI', String(facts.abiVersion)]] as const)),
      ['may run', problem ?? 'yes'],
    ],
  };
}

function validate(bytes: Uint8Array, name: string): { facts?: PluginFacts; problem: string | null } {
  try {
    return { facts: validatePlugin(bytes, { name }), problem: null };
  } catch (error) {
    if (error instanceof TinctureError) return { problem: error.message };
    throw error;
  }
}

export async function inspectPicture(source: ByteSource, embedding: Embedding | undefined): Promise<Report> {
  const bytes = await readAll(source, MAX_PICTURE_BYTES);
  const { width, height } = pngSize(bytes, source.name);
  const { parameters = null, ...texts } = readPngText(bytes, source.name);
  const settings = parameters === null ? null : parseParameters(parameters);
  const vectors = embedding?.vectors.shape ?? null;
  return {
    facts: { kind: 'picture', width, height, parameters, settings, texts, embedding: vectors },
    rows: [
      ['pixels', `${width} × ${height}`],
      ...(vectors === null ? [] : ([['embedding', `${vectors[0]} vectors of width ${vectors[1]}`]] as const)),
      ...Object.entries(texts).map(([key, text]) => [`text ${key}`, shorten(text)] as const),
      ...(settings === null ? ([['parameters', 'none']] as const) : settingRows(settings)),
    ],
    ...(parameters === null ? {} : { text: parameters }),
  };
}

/** What the text block says, a row each; the block itself stands below. */
function settingRows({ prompt, negativePrompt, others = {}, ...known }: PictureParameters) {
  const { text, styles, others: tags } = parseStyleTags(prompt);
  const rows: [string, string][] = [
    ['prompt', [text.trim(), ...tags].join(' ')],
    ...(negativePrompt === undefined ? [] : ([['negative prompt', negativePrompt]] as [string, string][])),
    ...styles.map(({ name, strength }): [string, string] => ['style', `${name}, strength ${strength}`]),
    ...Object.entries(known).map(([name, value]): [string, string] => [
      name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
      typeof value === 'object' ? json(value).replace(/\s+/g, ' ') : String(value),
    ]),
    ...Object.entries(others),
  ];
  return rows.map(([name, value]) => [name, shorten(value)] as const);
}

export async function inspectJson(source: ByteSource): Promise<Report> {
  const text = new TextDecoder().decode(await readAll(source, MAX_JSON_BYTES));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TinctureError('cli/inspect', 'not JSON', {
      where: source.name,
      found: (cause as Error).message,
      cause,
    });
  }
  const description = value as Readonly<Record<string, unknown>>;
  const kind = 'checkpoint' in description ? 'model' : 'layers' in description ? 'style' : 'json';
  const problem = kind === 'style' ? await problemOfStyle(description) : null;
  const rows = Object.entries(description).map(
    ([key, item]) => [key, typeof item === 'string' ? item : JSON.stringify(item)] as const,
  );
  return {
    facts: { kind, description, problem },
    rows: kind === 'style' ? [...rows, ['valid', problem ?? 'yes']] : rows,
  };
}

/** What the schema finds wrong: of the whole manifest where blobs are named, else of the part that a creator writes. */
async function problemOfStyle(description: Readonly<Record<string, unknown>>): Promise<string | null> {
  const { firstIssue, styleCardSchema, styleManifestSchema } = await import(
    '../../plugins/contract/style.ts'
  );
  const { error } = ('blobs' in description ? styleManifestSchema : styleCardSchema).safeParse(description);
  if (error === undefined) return null;
  const { field, message } = firstIssue(error);
  return `${field}: ${message}`;
}

async function readAll(source: ByteSource, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  if (source.size <= limit) return source.read(0, source.size);
  throw new TinctureError('cli/inspect', 'the file is too large for what it says to be', {
    where: source.name,
    expected: `at most ${limit} bytes`,
    found: String(source.size),
  });
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text;
}
