// `tincture generate`: a prompt and styles to a PNG that carries its own parameters.
import { fileURLToPath } from 'node:url';
import type { GenerateRequest, GenerateResult, ModelFacts } from '../engine/engine.ts';
import { REQUEST_LIMITS } from '../engine/request.ts';
import { fileSource } from '../formats/node-file.ts';
import { openSafetensors, storeFloat32, writeSafetensors } from '../formats/safetensors.ts';
import {
  type Command,
  decimalNumber,
  parseCommandLine,
  parseStyle,
  required,
  UsageError,
  wholeNumber,
} from './command.ts';
import { checkOutput, json, printable, writeWhole } from './output.ts';
import { assignParameters, parseParameters } from './parameters.ts';
import { progressView } from './progress.ts';
import { cancelOnSignals } from './signals.ts';

const HELP = `Usage: tincture generate PROMPT --output OUT.png [options]

Draws a picture on this machine. <hypernet:NAME:STRENGTH> in the prompt means the same as --style.

  --output FILE            the PNG to write; it carries its parameters
  --model DIR|NAME         folder with model.json, URL, or a name of the registry (default: the model that comes with Tincture)
  --style FILE|NAME[:S]    a style or hypernetwork at strength S (default 1, negative works); again for more, in order
  --parameter NAME=VALUE   a parameter of the style; STYLE.NAME=VALUE where there are several; again for more
  --negative TEXT          what the picture should not be
  --steps N                1 to 1000
  --sampler NAME           such as DDIM, Euler, Euler a, DPM++ 2M
  --schedule NAME          such as Karras
  --guidance G             1 means none
  --seed N                 0 to 2^64-1; without one a random seed, which is told
  --width W, --height H    pixels
  --noise FILE             safetensors file whose tensor noise [1, 4, h, w] replaces the seed's noise
  --save-latents FILE      writes the final latents as tensor latents
  --registry URL           a Tincture edge, for models and styles given by name
  --backend webgpu|wasm    default: the best one here
  --json                   print seed, parameters, timings and paths as JSON, and no progress

Models' defaults apply where an option is missing. Ctrl-C stops and leaves no file behind.`;

const OPTIONS = {
  output: { type: 'string' },
  model: { type: 'string' },
  style: { type: 'string', multiple: true },
  parameter: { type: 'string', multiple: true },
  negative: { type: 'string' },
  steps: { type: 'string' },
  sampler: { type: 'string' },
  schedule: { type: 'string' },
  guidance: { type: 'string' },
  seed: { type: 'string' },
  width: { type: 'string' },
  height: { type: 'string' },
  noise: { type: 'string' },
  'save-latents': { type: 'string' },
  registry: { type: 'string' },
  backend: { type: 'string' },
  json: { type: 'boolean' },
} as const;

const DEFAULT_MODEL = fileURLToPath(new URL('../default-model', import.meta.url));

export const generate: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const [prompt, ...rest] = positionals;
    if (prompt === undefined || rest.length > 0) {
      throw new UsageError('generate takes one prompt; put it in quotation marks');
    }
    const backend = checkBackend(values.backend);
    const output = required('--output', values.output);
    const latentsPath = values['save-latents'];
    const styles = (values.style ?? []).map(parseStyle);
    const parameters = assignParameters(
      styles.map(({ style }) => style),
      parseParameters(values.parameter ?? []),
    );
    const request: GenerateRequest = {
      prompt,
      ...defined('negativePrompt', values.negative),
      styles: styles.map((use, index) => ({ ...use, parameters: parameters[index]! })),
      ...defined('seed', parseSeed(values.seed)),
      ...defined('steps', inRange('--steps', values.steps, REQUEST_LIMITS.steps)),
      ...defined('sampler', values.sampler),
      ...defined('schedule', values.schedule),
      ...defined(
        'guidance',
        decimalNumber(
          '--guidance',
          values.guidance,
          REQUEST_LIMITS.guidance.minimum,
          REQUEST_LIMITS.guidance.maximum,
        ),
      ),
      ...defined('width', inRange('--width', values.width, REQUEST_LIMITS.side)),
      ...defined('height', inRange('--height', values.height, REQUEST_LIMITS.side)),
    };
    const inputs = [
      ...(values.noise === undefined ? [] : [values.noise]),
      ...styles.map(({ style }) => style),
    ];
    await checkOutput(output, inputs);
    if (latentsPath !== undefined) await checkOutput(latentsPath, [...inputs, output]);
    const noise = values.noise === undefined ? undefined : await readNoise(values.noise);

    const view = values.json === true ? undefined : progressView(process.stderr);
    const { signal, release } = cancelOnSignals();
    try {
      const { result, ...facts } = await draw({
        options: {
          model: values.model ?? DEFAULT_MODEL,
          ...defined('registry', values.registry),
          ...defined('backend', backend),
        },
        request: { ...request, ...defined('noise', noise) },
        signal,
        onProgress: (progress) => view?.show(progress),
      });
      signal.throwIfAborted();
      await writeWhole(output, result.png);
      if (latentsPath !== undefined) {
        await writeWhole(latentsPath, writeSafetensors(new Map([['latents', storeFloat32(result.latents)]])));
      }
      view?.clear();
      for (const notice of result.notices) terminal.note(`note: ${printable(notice)}`);
      terminal.out(
        values.json === true
          ? machineResult(result, facts, output, latentsPath)
          : humanResult(result, output),
      );
    } finally {
      view?.clear();
      release();
    }
  },
};

interface Drawing {
  readonly options: Parameters<typeof import('../index.ts').createEngine>[0];
  readonly request: GenerateRequest;
  readonly signal: AbortSignal;
  readonly onProgress: NonNullable<Parameters<typeof import('../index.ts').createEngine>[0]['onProgress']>;
}

interface EngineFacts {
  readonly model: ModelFacts;
  readonly backend: string;
  readonly backendReason: string;
}

/** Loads the engine only here: help and wrong usage must not wait for it. */
async function draw({
  options,
  request,
  signal,
  onProgress,
}: Drawing): Promise<EngineFacts & { result: GenerateResult }> {
  const { createEngine } = await import('../index.ts');
  const engine = await createEngine({ ...options, signal, onProgress });
  try {
    const result = await engine.generate(request, { signal, onProgress });
    return { result, model: engine.model, backend: engine.backend, backendReason: engine.backendReason };
  } finally {
    await engine.close();
  }
}

function humanResult({ picture, seed, milliseconds }: GenerateResult, output: string): string {
  const seconds = Object.values(milliseconds).reduce((sum, time) => sum + time, 0) / 1000;
  return `${output}: ${picture.width} × ${picture.height}, seed ${seed}, ${seconds.toFixed(1)} s`;
}

function machineResult(
  result: GenerateResult,
  facts: EngineFacts,
  output: string,
  latents: string | undefined,
): string {
  const { picture, seed, parameters, milliseconds, notices } = result;
  return json({
    output,
    latents: latents ?? null,
    width: picture.width,
    height: picture.height,
    seed,
    parameters,
    model: { name: facts.model.name, hash: facts.model.hash },
    backend: facts.backend,
    backendReason: facts.backendReason,
    milliseconds,
    notices,
  });
}

async function readNoise(path: string) {
  return (await openSafetensors(await fileSource(path))).read('noise');
}

function checkBackend(text: string | undefined): 'webgpu' | 'wasm' | undefined {
  if (text === undefined || text === 'webgpu' || text === 'wasm') return text;
  throw new UsageError(`--backend must be webgpu or wasm, not ${JSON.stringify(text)}`);
}

function parseSeed(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const seed = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (seed >= 0n && seed < 2n ** 64n) return seed;
  throw new UsageError(`--seed must be a whole number from 0 to 2^64-1, not ${JSON.stringify(text)}`);
}

function inRange(
  option: string,
  text: string | undefined,
  { minimum, maximum }: { minimum: number; maximum: number },
) {
  return wholeNumber(option, text, minimum, maximum);
}

/** `{ [key]: value }`, or nothing where the value is undefined: the engine then takes the model's default. */
function defined<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
