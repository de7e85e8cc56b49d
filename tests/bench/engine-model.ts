// The model that the benchmarks draw with, and how long its steps take inside the engine.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TensorFile } from '../../client/formats/entry.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { createEngine, type Engine, type GenerateRequest } from '../../client/index.ts';
import type { ModelConfig } from '../../client/models/architecture.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { parseModelManifest } from '../../client/models/manifest.ts';

/** Folder of the model: `--model DIR`, else the default model. */
export const MODEL_FOLDER = resolve(
  argument('--model') ?? new URL('../../client/default-model', import.meta.url).pathname,
);

export interface OpenedModel {
  readonly engine: Engine;
  readonly checkpoint: TensorFile;
  readonly config: ModelConfig;
}

/** The engine in this thread on wasm (`--threads N`, default one, whose processor time is all there is to a step). */
export async function openModel(): Promise<OpenedModel> {
  const engine = await createEngine({
    model: MODEL_FOLDER,
    backend: 'wasm',
    threads: Number(argument('--threads') ?? 1),
  });
  const manifest = parseModelManifest(
    JSON.parse(readFileSync(`${MODEL_FOLDER}/model.json`, 'utf8')),
    MODEL_FOLDER,
  );
  const checkpoint = await openSafetensors(await fileSource(`${MODEL_FOLDER}/${manifest.checkpoint}`));
  return { engine, checkpoint, config: readModelConfig(checkpoint, manifest) };
}

/** A moment on both clocks, in milliseconds. */
export interface Moment {
  readonly wall: number;
  /** Processor time of this process: what other programs on the machine do not stretch. */
  readonly processor: number;
}

export function now(): Moment {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), processor: (user + system) / 1000 };
}

/** From each moment to the next. */
export function between(moments: readonly Moment[]): Moment[] {
  return moments.slice(1).map(({ wall, processor }, i) => ({
    wall: wall - moments[i]!.wall,
    processor: processor - moments[i]!.processor,
  }));
}

/** Draws a picture with Euler and times each step but the first, which finds caches cold. */
export async function timeSteps(engine: Engine, request: GenerateRequest): Promise<Moment[]> {
  const ends: Moment[] = [];
  await engine.generate(
    { sampler: 'euler', ...request },
    {
      onProgress: ({ stage, done }) => {
        if (stage === 'unet' && done !== undefined && done > 0) ends.push(now());
      },
    },
  );
  return between(ends);
}

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
}
