// Pictures from request to PNG: a job is prepared, and its batches are drawn and decoded one after the other.
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { decodeBatch } from './decode-batch.ts';
import { drawBatch } from './draw-batch.ts';
import type { DrawnPicture, GenerateRequest, GenerateResult, Progress } from './engine.ts';
import type { Job, PipelineParts } from './job.ts';
import { prepareJob } from './prepare-job.ts';
import { Previews } from './preview.ts';
import { prepareSecondPass } from './second-pass.ts';
import { StageClock } from './stage-clock.ts';

/** Draws pictures with one opened model. Not reentrant: the engine queues its calls. */
export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #previews: Previews;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#previews = new Previews(parts);
  }

  /** Rejects with the signal's reason when aborted, else with errors in words. */
  async draw(
    request: GenerateRequest,
    signal: AbortSignal,
    onProgress: (progress: Progress) => void = () => {},
  ): Promise<GenerateResult> {
    const clock = new StageClock();
    const job = await prepareJob(request, this.#parts, { signal, onProgress, clock }, this.#previews);
    const last = job.plan.hires === undefined ? job : await prepareSecondPass(job, await drawAll(job));
    const pictures: DrawnPicture[] = [];
    const latents = await drawAll(last, async (first, batch) => {
      pictures.push(...(await decodeBatch(last, first, batch)));
    });
    return {
      ...pictures[0]!,
      pictures,
      latents,
      embeddings: last.conditioning.embeddings.map(({ name }) => name),
      notices: last.notices,
      milliseconds: clock.milliseconds,
    };
  }
}

/** The latents [pictures, c, h, w] of all batches, each of which `drawn` is told of before the next. */
async function drawAll(
  job: Job,
  drawn: (first: number, batch: Float32Array) => Promise<void> = async () => {},
): Promise<Tensor> {
  const { plan, latentShape, signal } = job;
  const latents = tensor([plan.seeds.length, ...latentShape]);
  for (let first = 0; first < plan.seeds.length; first += plan.batchSize) {
    const batch = await drawBatch(job, first);
    latents.data.set(batch, (first * latents.data.length) / plan.seeds.length);
    signal.throwIfAborted();
    await drawn(first, batch);
  }
  return latents;
}
