// Pictures from request to PNG: a job is prepared, and its batches are drawn and decoded one after the other.
import { RuntimeError } from '../runtime/error.ts';
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

  /**
   * Rejects with the signal's reason when aborted, else with errors in words. After the loss of the GPU all sessions are gone: the next
   * picture makes its own on a new one.
   */
  async draw(
    request: GenerateRequest,
    signal: AbortSignal,
    onProgress: (progress: Progress) => void = () => {},
  ): Promise<GenerateResult> {
    try {
      return await this.#draw(request, signal, onProgress);
    } catch (error) {
      if (!(error instanceof RuntimeError && error.code === 'runtime/device-lost')) throw error;
      await this.#parts.sessions.release();
      throw new RuntimeError('runtime/device-lost', 'the GPU was lost while the picture was drawn', {
        ...(error.facts.found !== undefined && { found: error.facts.found }),
        fix: 'Draw it again: the engine starts anew on the GPU. If it is lost again, draw a smaller picture, or with the backend wasm.',
        cause: error,
      });
    }
  }

  async #draw(
    request: GenerateRequest,
    signal: AbortSignal,
    onProgress: (progress: Progress) => void,
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
