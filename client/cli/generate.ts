// `tincture generate`: a prompt and styles to a PNG that carries its own parameters.
import type { GenerateRequest, GenerateResult, ModelFacts } from '../engine/engine.ts';
import { storeFloat32, writeSafetensors } from '../formats/safetensors.ts';
import { type Command, parseCommandLine, required, UsageError } from './command.ts';
import { engineOptionsOf, idleEmbeddings, modelOf } from './generate-engine.ts';
import { HELP, OPTIONS, requestOf } from './generate-request.ts';
import { checkOutput, json, printable, writeWhole } from './output.ts';
import { progressView } from './progress.ts';
import { cancelOnSignals } from './signals.ts';

export const generate: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const [prompt, ...rest] = positionals;
    if (prompt === undefined || rest.length > 0) {
      throw new UsageError('generate takes one prompt; put it in quotation marks');
    }
    const options = engineOptionsOf(values);
    const output = required('--output', values.output);
    const latentsPath = values['save-latents'];
    const { request, inputs } = await requestOf(prompt, values);
    const outputs = outputPaths(output, (request.batchSize ?? 1) * (request.batchCount ?? 1));
    for (const path of outputs) await checkOutput(path, inputs);
    if (latentsPath !== undefined) await checkOutput(latentsPath, [...inputs, ...outputs]);

    const view = values.json === true ? undefined : progressView(terminal);
    const { signal, release } = cancelOnSignals();
    try {
      const { result, ...facts } = await draw({
        options: { ...options, model: await modelOf(values.model) },
        request,
        signal,
        onProgress: (progress) => view?.show(progress),
      });
      signal.throwIfAborted();
      for (const [i, { png }] of result.pictures.entries()) await writeWhole(outputs[i]!, png);
      if (latentsPath !== undefined) {
        await writeWhole(latentsPath, writeSafetensors(new Map([['latents', storeFloat32(result.latents)]])));
      }
      view?.clear();
      for (const notice of [...result.notices, ...idleEmbeddings(values.embedding, result.embeddings)])
        terminal.note(`note: ${printable(notice)}`);
      terminal.out(
        values.json === true
          ? machineResult(result, facts, outputs, latentsPath)
          : humanResult(result, outputs),
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

/** `OUT.png`, or of several pictures `OUT-1.png` and so on, as many digits as the last one has. */
function outputPaths(output: string, pictures: number): string[] {
  if (pictures === 1) return [output];
  const dot = output.lastIndexOf('.');
  const end = dot > output.lastIndexOf('/') + 1 ? dot : output.length;
  const digits = String(pictures).length;
  return Array.from(
    { length: pictures },
    (_, i) => `${output.slice(0, end)}-${String(i + 1).padStart(digits, '0')}${output.slice(end)}`,
  );
}

function humanResult({ pictures, milliseconds }: GenerateResult, outputs: readonly string[]): string {
  const seconds = Object.values(milliseconds).reduce((sum, time) => sum + time, 0) / 1000;
  const lines = pictures.map(
    ({ picture, seed }, i) => `${outputs[i]}: ${picture.width} × ${picture.height}, seed ${seed}`,
  );
  return `${lines.join('\n')}, ${seconds.toFixed(1)} s`;
}

function machineResult(
  result: GenerateResult,
  facts: EngineFacts,
  outputs: readonly string[],
  latents: string | undefined,
): string {
  const { picture, seed, parameters, pictures, embeddings, milliseconds, notices } = result;
  return json({
    output: outputs[0],
    latents: latents ?? null,
    width: picture.width,
    height: picture.height,
    seed,
    parameters,
    pictures: pictures.map((one, i) => ({
      output: outputs[i],
      seed: one.seed,
      parameters: one.parameters,
    })),
    embeddings,
    model: { name: facts.model.name, hash: facts.model.hash },
    backend: facts.backend,
    backendReason: facts.backendReason,
    milliseconds,
    notices,
  });
}
