// Pictures from request to PNG: text, styles, sampler and UNet, decoder, metadata.
import { encodePng } from '../formats/png.ts';
import type { AttentionLowering } from '../models/attention.ts';
import { EmbeddingWords } from '../prompt/embedding-words.ts';
import { parseStyleTags } from '../prompt/style-tags.ts';
import { batchNoise } from '../sampling/batch-noise.ts';
import type { StepDone } from '../sampling/run.ts';
import { type StartLatent, sample, stepsTaken } from '../sampling/sample.ts';
import { tensor } from '../tensor/tensor.ts';
import type { AttentionChooser } from './attention.ts';
import { type Conditioning, conditionPicture } from './conditioning.ts';
import type { Embeddings, OpenEmbedding } from './embeddings.ts';
import type { DrawnPicture, GenerateRequest, GenerateResult, ModelFacts, Progress } from './engine.ts';
import { type MaskInputs, wholePicture } from './inpainting.ts';
import type { OpenModel } from './model.ts';
import { decodeLatent, encodeMean, fitPreview, type PreviewMap, previewLatent } from './picture.ts';
import { pictureParameters } from './picture-parameters.ts';
import { type Plan, planRequest } from './request.ts';
import { resample } from './resample.ts';
import type { Sessions } from './sessions.ts';
import { StageClock } from './stage-clock.ts';
import { noteResized } from './start-picture.ts';
import { type StepState, StepStyles } from './step-styles.ts';
import type { Styles } from './styles.ts';
import { UnetRunner } from './unet-runner.ts';

/** What a pipeline draws with. */
export interface PipelineParts {
  readonly model: OpenModel;
  readonly sessions: Sessions;
  readonly styles: Styles;
  readonly embeddings: Embeddings;
  readonly attention: AttentionChooser;
}

/** What all batches of a request share. */
interface Job {
  readonly plan: Plan;
  readonly conditioning: Conditioning;
  readonly styles: StepStyles;
  /** Steps that are taken. */
  readonly steps: number;
  /** [c, h, w] of one latent. */
  readonly latentShape: readonly number[];
  readonly attention: AttentionLowering;
  /** What the user should know; batches add to it. */
  readonly notices: string[];
  /** Of an inpainting checkpoint. */
  readonly masked: MaskInputs | undefined;
  readonly start: StartLatent | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

const NO_CLIP_SKIP =
  'Stable Diffusion 2.x always reads the text encoder’s last but one layer: clip skip changes nothing here.';

/** Draws pictures with one opened model. Not reentrant: the engine queues its calls. */
export class Pipeline {
  readonly #parts: PipelineParts;
  #preview: PreviewMap | undefined;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  /** Rejects with the signal's reason when aborted, else with errors in words. */
  async draw(
    request: GenerateRequest,
    signal: AbortSignal,
    onProgress: (progress: Progress) => void = () => {},
  ): Promise<GenerateResult> {
    const { model, sessions } = this.#parts;
    const { config, facts, manifest } = model;
    const plan = planRequest(request, facts, config.latentFactor);
    const { text, styles: tagged, others } = parseStyleTags(plan.prompt);
    const notices = others.map(
      (tag) => `${tag} is no kind of style that Tincture draws with: it is left out.`,
    );
    // As in the web UI: OpenCLIP's last layer is left out already, and no setting changes that.
    const skipsLayers = manifest.architecture === 'stable-diffusion-v1';
    if (plan.clipSkip > 1 && !skipsLayers) notices.push(NO_CLIP_SKIP);
    const clock = new StageClock();

    onProgress({ stage: 'style', message: 'preparing the styles' });
    const uses = [
      ...(request.styles ?? []),
      ...tagged.map(({ name, strength }) => ({ style: name, strength })),
    ];
    const styles = await clock.time('style', () => this.#parts.styles.prepare(uses, signal));
    const opened = await clock.time('style', () =>
      this.#parts.embeddings.prepare(request.embeddings ?? [], signal),
    );

    signal.throwIfAborted();
    onProgress({ stage: 'text', message: 'reading the prompt' });
    const steps = stepsTaken(plan.sampler.key, plan.steps, plan.start?.strength);
    const { conditioning, stepStyles } = await clock.time('text', async () => {
      const conditioned = await conditionPicture(
        {
          prompt: text,
          negativePrompt: plan.negativePrompt,
          guidance: plan.guidance,
          runs: plan.steps * plan.sampler.runsPerStep,
        },
        {
          model,
          encoder: await sessions.textEncoder(),
          words: new EmbeddingWords<OpenEmbedding>(opened, model.tokenizer),
          clipSkip: skipsLayers ? plan.clipSkip : 1,
          signal,
        },
      );
      const begun = await StepStyles.begin(styles, conditioned, steps, signal);
      noteIdleStyles(await begun.at(0, 0), facts, notices);
      return { conditioning: conditioned, stepStyles: begun };
    });
    notices.push(...conditioning.notices);

    signal.throwIfAborted();
    onProgress({ stage: 'model', message: 'preparing the UNet' });
    const latentShape = [
      config.latentChannels,
      plan.height / config.latentFactor,
      plan.width / config.latentFactor,
    ];
    const { attention, vae, notice } = await this.#parts.attention.choose({
      batch: conditioning.rows * plan.batchSize,
      width: plan.width,
      height: plan.height,
      tokens: conditioning.tokens,
    });
    if (notice !== undefined) notices.push(notice);
    const masked =
      config.unet.inputChannels === config.latentChannels
        ? undefined
        : await wholePicture(latentShape, plan, manifest.latentScale, await sessions.encoder(vae));
    if (plan.start !== undefined && 'image' in plan.start) {
      const resized = noteResized(plan.start.image, plan);
      if (resized !== undefined) notices.push(resized);
      onProgress({ stage: 'model', message: 'encoding the picture' });
    }
    const start = await clock.time('model', () => this.#startOf(plan, vae));
    signal.throwIfAborted();
    if (plan.previewEvery > 0) {
      this.#preview ??= await fitPreview(
        config.latentChannels,
        manifest.latentScale,
        await sessions.decoder(vae),
      );
    }

    const job: Job = {
      plan,
      conditioning,
      styles: stepStyles,
      steps,
      latentShape,
      attention,
      notices,
      masked,
      start,
      signal,
      onProgress,
    };
    const drawnFrom = { plan, model: facts, text, styles, embeddings: conditioning.embeddings };
    const pictures: DrawnPicture[] = [];
    const latents = tensor([plan.seeds.length, ...latentShape]);
    for (let first = 0; first < plan.seeds.length; first += plan.batchSize) {
      const batch = await this.#drawBatch(job, first, clock);
      latents.data.set(batch, (first * latents.data.length) / plan.seeds.length);
      signal.throwIfAborted();
      onProgress({ stage: 'decode', message: 'decoding the picture' });
      for (let i = 0; i < plan.batchSize; i++) {
        const latent = tensor(
          [1, ...latentShape],
          batch.slice((i * batch.length) / plan.batchSize, ((i + 1) * batch.length) / plan.batchSize),
        );
        const picture = await clock.time('decode', async () =>
          decodeLatent(latent, manifest.latentScale, await sessions.decoder(vae)),
        );
        signal.throwIfAborted();
        const parameters = pictureParameters(drawnFrom, first + i);
        const png = encodePng(picture, { parameters });
        pictures.push({ picture, png, parameters, seed: plan.seeds[first + i]! });
      }
    }
    return {
      ...pictures[0]!,
      pictures,
      latents,
      embeddings: conditioning.embeddings.map(({ name }) => name),
      notices,
      milliseconds: clock.milliseconds,
    };
  }

  /** What the pictures begin on; a picture is encoded by a session that is freed at once, since no step needs it again. */
  async #startOf(plan: Plan, vae: AttentionLowering): Promise<StartLatent | undefined> {
    const { start } = plan;
    if (start === undefined || 'latents' in start) return start;
    const { model, sessions } = this.#parts;
    const encoder = await sessions.encoder(vae);
    try {
      const latent = await encodeMean(resample(start.image, plan), model.manifest.latentScale, encoder);
      return { latents: latent.data, strength: start.strength };
    } finally {
      await sessions.releaseEncoders();
    }
  }

  /** The final latents [batchSize, c, h, w] flat of the pictures from number `first` on. */
  async #drawBatch(job: Job, first: number, clock: StageClock): Promise<Float32Array> {
    const { model, sessions } = this.#parts;
    const { plan, styles, latentShape, attention, masked, signal, onProgress } = job;
    const pictures = plan.batchSize;
    const runner = await clock.time('model', () =>
      UnetRunner.create({ model, sessions, styles, pictures, latentShape, attention, masked }),
    );
    signal.throwIfAborted();
    const part = <T>(all: readonly T[]): readonly T[] => all.slice(first, first + pictures);
    // A seed's first draw is the start noise even when other noise replaces it, so that later draws stay the same.
    const noise = batchNoise({
      seeds: part(plan.seeds),
      shape: latentShape,
      source: plan.rng,
      variation: plan.variation && {
        seeds: part(plan.variation.seeds),
        strength: plan.variation.strength,
      },
      laterSeedDelta: plan.laterSeedDelta,
    });
    const before = (first / pictures) * job.steps;
    const total = (plan.seeds.length / pictures) * job.steps;
    const length = noise.start.length / pictures;
    onProgress({ stage: 'unet', message: 'drawing', done: before, total });
    const onStep = ({ step, steps, denoised }: StepDone): void => {
      const wanted = plan.previewEvery > 0 && step % plan.previewEvery === 0 && step < steps;
      const shown = wanted ? tensor([1, ...latentShape], denoised.slice(0, length)) : undefined;
      onProgress({
        stage: 'unet',
        message: 'drawing',
        done: before + step,
        total,
        ...(shown && { preview: previewLatent(shown, this.#preview!) }),
      });
    };
    const latents = await clock.time('unet', () =>
      sample({
        unet: runner.run,
        prediction: model.manifest.prediction,
        guidance: plan.guidance,
        weights: job.conditioning.weights,
        pictures,
        sampler: plan.sampler.key,
        schedule: plan.schedule,
        steps: plan.steps,
        noise: plan.noise?.data.slice(first * length, (first + pictures) * length) ?? noise.start,
        draw: noise.draw,
        start: job.start && { ...job.start, latents: repeated(job.start.latents, pictures) },
        signal,
        onStep,
      }),
    );
    if (runner.notice !== undefined && !job.notices.includes(runner.notice)) job.notices.push(runner.notice);
    return latents;
  }
}

/** The same latent for each picture. */
function repeated(latent: Float32Array, times: number): Float32Array {
  const all = new Float32Array(latent.length * times);
  for (let i = 0; i < times; i++) all.set(latent, i * latent.length);
  return all;
}

/** Tells of styles that have nothing for this model's widths. */
function noteIdleStyles({ styles }: StepState, model: ModelFacts, notices: string[]): void {
  const wanted = [model.contextWidth, ...model.selfAttentionWidths];
  for (const { name, strength, bendsText, hypernetwork } of styles) {
    const found = [...hypernetwork.widths.keys()];
    if (strength === 0 || bendsText || wanted.some((width) => found.includes(width))) continue;
    notices.push(
      `The style ${name} has ${found.length === 0 ? 'no layers here' : `layers for widths ${found.join(', ')}`}; this model has ` +
        `${wanted.join(', ')}, so the style changes nothing. It was made for another model.`,
    );
  }
}
