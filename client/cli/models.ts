// `tincture models`: the checkpoints of this user, added whole, listed, verified, removed.
import { TinctureError } from '../../plugins/contract/error.ts';
import { REQUEST_LIMITS } from '../engine/request.ts';
import {
  type AddOptions,
  addModel,
  findSampler,
  findSchedule,
  forgetWorkingCopies,
  listModels,
  removeModel,
  resolveSampling,
  type StoredModel,
  verifyModel,
} from '../node.ts';
import { type Command, parseCommandLine, type Terminal, UsageError } from './command.ts';
import { decimal, defined, whole } from './generate-request.ts';
import { fileSize, json, printable, table } from './output.ts';
import { progressView } from './progress.ts';
import { cancelOnSignals } from './signals.ts';

const HELP = `Usage: tincture models add FILE|FOLDER|URL [options]
       tincture models list
       tincture models verify [NAME …]
       tincture models remove NAME

Keeps Stable Diffusion 1.x and 2.x models on this machine; \`tincture generate --model NAME\` draws with them. A model is a
checkpoint (.safetensors, or a .ckpt pickle, which is read without running anything in it), a folder in the diffusers layout,
or a folder with model.json. What it is, its tensors tell. An URL is downloaded in pieces; a broken download goes on where
it stopped when the command is run again. Nothing counts before it is there whole.

  --name NAME              what it is called here (default: as the file or folder)
  --vae FILE               a VAE in a file of its own, in the place of the checkpoint's
  --preview-decoder FILE   a small decoder for previews, such as TAESD's taesd_decoder.safetensors
  --tokenizer DIR          folder with vocab.json and merges.txt; remembered for models that come without
  --sha256 DIGEST          what the checkpoint must be
  --prediction epsilon|v   what a 2.x checkpoint predicts, which its tensors do not tell (default: v, as those of 768 pixels;
                           those of 512 pixels and SD-Turbo predict epsilon)
  --steps N, --guidance G, --sampler NAME, --schedule NAME
                           what pictures are drawn with when nothing else is asked for; for Turbo models --steps 1
                           --guidance 1 --sampler "Euler a" --schedule "SGM Uniform", for LCM --steps 4 --guidance 1
                           --sampler LCM
  --json                   print facts as JSON, and no progress

They lie in TINCTURE_DATA, else in tincture below XDG_DATA_HOME or ~/.local/share.`;

const OPTIONS = {
  name: { type: 'string' },
  vae: { type: 'string' },
  'preview-decoder': { type: 'string' },
  tokenizer: { type: 'string' },
  sha256: { type: 'string' },
  prediction: { type: 'string' },
  steps: { type: 'string' },
  guidance: { type: 'string' },
  sampler: { type: 'string' },
  schedule: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const models: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const [verb, ...names] = positionals;
    const asJson = values.json === true;
    const given = Object.keys(values).filter((option) => option !== 'json');
    if (verb !== 'add' && given.length > 0) throw new UsageError(`--${given[0]} is for models add`);
    switch (verb) {
      case 'add':
        return add(names, values, terminal);
      case 'list':
        return list(names, asJson, terminal);
      case 'verify':
        return verify(names, asJson, terminal);
      case 'remove':
        return remove(names, asJson, terminal);
      default:
        throw new UsageError('models takes add, list, verify or remove');
    }
  },
};

interface AddValues {
  readonly name?: string | undefined;
  readonly vae?: string | undefined;
  readonly 'preview-decoder'?: string | undefined;
  readonly tokenizer?: string | undefined;
  readonly sha256?: string | undefined;
  readonly prediction?: string | undefined;
  readonly steps?: string | undefined;
  readonly guidance?: string | undefined;
  readonly sampler?: string | undefined;
  readonly schedule?: string | undefined;
  readonly json?: boolean | undefined;
}

async function add(
  [source, ...rest]: readonly string[],
  values: AddValues,
  terminal: Terminal,
): Promise<void> {
  if (source === undefined || rest.length > 0)
    throw new UsageError('models add takes one file, folder or URL');
  const { prediction } = values;
  if (prediction !== undefined && prediction !== 'epsilon' && prediction !== 'v') {
    throw new UsageError(`--prediction must be epsilon or v, not ${JSON.stringify(prediction)}`);
  }
  const sha256 = values.sha256?.toLowerCase();
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new UsageError('--sha256 must be 64 hexadecimal digits');
  }
  const defaults = defaultsOf(values);
  const model = await watched(values.json === true, terminal, (watch) =>
    addModel(source, {
      name: values.name,
      vae: values.vae,
      previewDecoder: values['preview-decoder'],
      tokenizer: values.tokenizer,
      sha256,
      prediction,
      defaults,
      ...watch,
    }),
  );
  terminal.out(
    values.json === true ? json(model) : `${model.name} is added.\n${printable(table(rowsOf(model)))}`,
  );
}

/** Defaults that were given, under the names that model.json uses. */
function defaultsOf({ steps, guidance, sampler, schedule }: AddValues): AddOptions['defaults'] {
  if (sampler !== undefined) resolveSampling(sampler, schedule);
  return {
    ...defined('steps', whole('--steps', steps, REQUEST_LIMITS.steps)),
    ...defined('guidance', decimal('--guidance', guidance, REQUEST_LIMITS.guidance)),
    ...defined('sampler', sampler === undefined ? undefined : findSampler(sampler).key),
    ...defined('schedule', schedule === undefined ? undefined : findSchedule(schedule)),
  };
}

function rowsOf({ description, files, folder }: StoredModel): string[][] {
  return [
    ['family', description.family],
    ['parameters', millions(description.parameters)],
    ...description.parts.map(({ part, layout, parameters, dtypes }) => [
      PART_TITLES[part],
      `${millions(parameters)} as ${dtypes.join(', ')}, ${layout} names`,
    ]),
    ['size', fileSize(files.reduce((sum, { bytes }) => sum + bytes, 0))],
    ['folder', folder],
  ];
}

const PART_TITLES = { unet: 'UNet', text: 'text encoder', vae: 'VAE' } as const;

function millions(parameters: number): string {
  return `${(parameters / 1e6).toFixed(parameters < 1e7 ? 1 : 0)} M`;
}

async function list(names: readonly string[], asJson: boolean, terminal: Terminal): Promise<void> {
  if (names.length > 0) throw new UsageError('models list takes no name');
  const all = await listModels();
  if (asJson) {
    terminal.out(json(all));
    return;
  }
  if (all.length === 0) {
    terminal.out('No models yet; `tincture models add` takes a checkpoint, a folder or an URL.');
    return;
  }
  const rows = all.map((model) =>
    'problem' in model
      ? [model.name, `damaged: ${model.problem}`]
      : [
          model.name,
          model.description.family,
          millions(model.description.parameters),
          [...new Set(model.description.parts.flatMap(({ dtypes }) => dtypes.slice(0, 1)))].join(', '),
          fileSize(model.files.reduce((sum, { bytes }) => sum + bytes, 0)),
        ],
  );
  terminal.out(printable(table(rows)));
}

async function verify(names: readonly string[], asJson: boolean, terminal: Terminal): Promise<void> {
  const wanted = names.length > 0 ? names : (await listModels()).map(({ name }) => name);
  const verdicts = await watched(asJson, terminal, async (watch) => {
    const found = [];
    for (const name of wanted) found.push({ name, files: await verifyModel(name, watch) });
    return found;
  });
  if (asJson) terminal.out(json(verdicts));
  const broken = verdicts.flatMap(({ name, files }) =>
    files.flatMap(({ path, problem }) => (problem === undefined ? [] : [`${name}, ${path}: ${problem}`])),
  );
  if (broken.length > 0) {
    throw new TinctureError('cli/verify', 'files are not what was added', {
      found: broken.join('; '),
      fix: 'Remove the model and add it again.',
    });
  }
  if (!asJson) {
    const count = verdicts.reduce((sum, { files }) => sum + files.length, 0);
    terminal.out(`${wanted.length} models, ${count} files: all are what was added.`);
  }
}

async function remove(names: readonly string[], asJson: boolean, terminal: Terminal): Promise<void> {
  const [name, ...rest] = names;
  if (name === undefined || rest.length > 0) throw new UsageError('models remove takes one name');
  const record = await removeModel(name);
  const sha256 = record?.files[0]?.sha256;
  if (sha256 !== undefined) await forgetWorkingCopies(sha256);
  terminal.out(asJson ? json({ removed: name }) : `${name} is removed.`);
}

type Watch = Parameters<typeof verifyModel>[1];

/** Runs work with a progress bar and Ctrl-C. */
async function watched<T>(
  asJson: boolean,
  terminal: Terminal,
  work: (watch: NonNullable<Watch>) => Promise<T>,
): Promise<T> {
  const view = asJson ? undefined : progressView(terminal);
  const { signal, release } = cancelOnSignals();
  try {
    return await work({
      signal,
      onProgress: (message, done, total) => view?.show({ stage: 'model', message, done, total }),
    });
  } finally {
    view?.clear();
    release();
  }
}
