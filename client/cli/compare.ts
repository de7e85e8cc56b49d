// `tincture compare`: a hypernetwork and an embedding trained on the same pictures with the same budget, side by side.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { answerOf } from '../comparison/report-answer.ts';
import {
  type Command,
  decimalNumber,
  parseCommandLine,
  required,
  UsageError,
  wholeNumber,
} from './command.ts';
import type { CompareRequest } from './compare-run.ts';
import { printable } from './output.ts';
import { cancelOnSignals } from './signals.ts';
import { TRAIN_OPTIONS, trainRequest } from './train-request.ts';
import { previewSeedsOf } from './train-values.ts';

const HELP = `Usage: tincture compare --data DIR --output FOLDER [options]

Trains a hypernetwork and then an embedding on the pictures in DIR, with the same pictures held back and the same budget, draws
the words of every picture with each and with neither, and writes into FOLDER: report.html (open it in any browser),
report.json, pictures.png (side by side), hypernetwork.safetensors and embedding.safetensors.

  --data DIR             folder of pictures, as for train
  --output FOLDER        made where it is not there
  --steps N              of each training (default 500)
  --minutes X            of each training instead, such as 10 or 0.5
  --hold-back N          pictures kept for the validation loss (default: a fifth)
  --hypernetwork-rate TEXT, --embedding-rate TEXT
                         learning rates, such as 1e-3:100, 1e-4 (default: those of train)
  --picture-seeds LIST   seeds of the pictures drawn for each picture's words (default: --seed)
  --picture-steps N      steps of a drawn picture (default: the model's)
  --shown N              pictures in the report (default 6)
  --json                 print the report's numbers

These are as train has them: --model --batch --accumulate --warmup --clip --weight-decay --ema --min-snr --snr-floor
--spread-timesteps --seed --size --crop --alpha --sampled --shuffle-tags --tag-dropout --empty --memory --backend --runtime; of the
hypernetwork --widths --layers --activation --initialization --layer-norm --activate-output --dropout; of the embedding
--vectors --start-words. Exit code 130 after Ctrl-C, and nothing is written.`;

const text = { type: 'string' } as const;
/** Options of train that make no sense for two at once. */
const {
  name: _name, rate: _rate, template: _template, buckets: _buckets, flip: _flip, rollouts: _rollouts, plain: _plain, resume: _resume,
  log: _log, card: _card, author: _author, licence: _licence, 'save-every': _save, 'preview-every': _every,
  'preview-prompt': _prompt, 'preview-seeds': _seeds, ...SHARED
} = TRAIN_OPTIONS; // biome-ignore format: a table
const OPTIONS = {
  ...SHARED, minutes: text, 'hypernetwork-rate': text, 'embedding-rate': text, 'picture-seeds': text, 'picture-steps': text,
  shown: text,
} as const; // biome-ignore format: a table

/** A schedule in steps is read against this many where minutes are the budget. */
const NO_END = 1_000_000;

export const compare: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    if (positionals.length > 0) throw new UsageError('compare takes options only');
    const request = await compareRequest(values);
    const { signal, release } = cancelOnSignals();
    try {
      const { compareToFolder } = await import('./compare-run.ts');
      const say = (line: string): void => terminal.note(printable(line));
      const report = await compareToFolder(request, signal, say);
      if (values.json === true) {
        const { set: _set, sides, ...numbers } = report;
        const figures = Object.entries(sides).map(([side, { figures: found }]) => [side, found]);
        terminal.out(JSON.stringify({ ...numbers, figures: Object.fromEntries(figures) }));
      } else {
        for (const sentence of answerOf(report)) terminal.out(sentence);
        terminal.out(`${join(request.folder, 'report.html')} shows all of it`);
      }
    } finally {
      release();
    }
  },
};

type Values = ReturnType<typeof parseCommandLine<typeof OPTIONS>>['values'];

async function compareRequest(values: Values): Promise<CompareRequest> {
  const folder = required('--output', values.output);
  const minutes = decimalNumber('--minutes', values.minutes, 0.01, 100_000);
  if (minutes !== undefined && values.steps !== undefined) {
    throw new UsageError('--steps and --minutes are both budgets; give one');
  }
  const steps = wholeNumber('--steps', values.steps, 1, NO_END) ?? DEFAULT_STEPS;
  await mkdir(folder, { recursive: true });
  const of = async (kind: 'hypernetwork' | 'embedding') => {
    const {
      minutes: _,
      'hypernetwork-rate': forHypernetwork,
      'embedding-rate': forEmbedding,
      ...rest
    } = values;
    const rate = kind === 'hypernetwork' ? forHypernetwork : forEmbedding;
    return trainRequest(kind, {
      ...rest,
      ...(rate !== undefined && { rate }),
      name: kind,
      steps: String(minutes === undefined ? steps : NO_END),
      output: join(folder, `${kind}.safetensors`),
    });
  };
  const hypernetwork = await of('hypernetwork');
  return {
    folder,
    requests: { hypernetwork, embedding: await of('embedding') },
    budget: minutes === undefined ? { steps } : { minutes },
    holdBack: wholeNumber('--hold-back', values['hold-back'], 0, 10_000),
    seeds: previewSeedsOf(values['picture-seeds'], hypernetwork.seed, 1),
    pictureSteps: wholeNumber('--picture-steps', values['picture-steps'], 1, 1000),
    shown: wholeNumber('--shown', values.shown, 1, 32) ?? 6,
  };
}

const DEFAULT_STEPS = 500;
