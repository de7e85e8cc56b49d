// One picture from request to PNG: text, styles, sampler and UNet, decoder, metadata.
import { encodePng } from '../formats/png.ts';
import { writeParameters } from '../prompt/parameters.ts';
import { formatStyleTag, parseStyleTags } from '../prompt/style-tags.ts';
import { SCHEDULES } from '../sampling/names.ts';
import { pictureNoise } from '../sampling/noise.ts';
import type { StepDone } from '../sampling/run.ts';
import { sample, stepsTaken } from '../sampling/sample.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { AttentionChooser } from './attention.ts';
import { encodePrompts } from './context.ts';
import type { GenerateRequest, GenerateResult, ModelFacts, Progress, Stage } from './engine.ts';
import type { OpenModel } from './model.ts';
import { decodeLatent, fitPreview, type PreviewMap, previewLatent } from './picture.ts';
import { type Plan, planRequest } from './request.ts';
import type { Sessions } from './sessions.ts';
import { type StepState, StepStyles } from './step-styles.ts';
import type { ReadyStyle, Styles } from './styles.ts';
import { UnetRunner } from './unet-runner.ts';
import { VERSION } from './version.ts';

/** Draws pictures with one opened model. Not reentrant: the engine queues its calls. */
export class Pipeline {
  readonly #model: OpenModel;
  readonly #sessions: Sessions;
  readonly #styles: Styles;
  readonly #attention: AttentionChooser;
  #preview: PreviewMap | undefined;

  constructor(model: OpenModel, sessions: Sessions, styles: Styles, attention: AttentionChooser) {
    this.#model = model;
    this.#sessions = sessions;
    this.#styles = styles;
    this.#attention = attention;
  }

  /** Rejects with the signal's reason when aborted, else with errors in words. */
  async draw(
    request: GenerateRequest,
    signal: AbortSignal,
    onProgress: (progress: Progress) => void = () => {},
  ): Promise<GenerateResult> {
    const { config, facts, manifest, tokenizer } = this.#model;
    const plan = planRequest(request, facts, config.latentFactor);
    const { text, styles: tagged } = parseStyleTags(plan.prompt);
    const notices: string[] = [];
    const clock = new StageClock();

    onProgress({ stage: 'style', message: 'preparing the styles' });
    const uses = [
      ...(request.styles ?? []),
      ...tagged.map(({ name, strength }) => ({ style: name, strength })),
    ];
    const styles = await clock.time('style', () => this.#styles.prepare(uses, signal));

    signal.throwIfAborted();
    onProgress({ stage: 'text', message: 'reading the prompt' });
    const stepStyles = await clock.time('text', async () => {
      const texts = plan.guidance === 1 ? [text] : [text, plan.negativePrompt];
      const context = await encodePrompts(texts, tokenizer, await this.#sessions.textEncoder(), notices);
      const steps = stepsTaken(plan.sampler.key, plan.steps);
      const begun = await StepStyles.begin(styles, context, steps, signal);
      noteIdleStyles(await begun.at(0), facts, notices);
      return begun;
    });

    signal.throwIfAborted();
    onProgress({ stage: 'model', message: 'preparing the UNet' });
    const latentShape = [
      config.latentChannels,
      plan.height / config.latentFactor,
      plan.width / config.latentFactor,
    ];
    const batch = plan.guidance === 1 ? 1 : 2;
    const { attention, notice } = await this.#attention.choose({
      batch,
      width: plan.width,
      height: plan.height,
    });
    if (notice !== undefined) notices.push(notice);
    const runner = await clock.time('model', () =>
      UnetRunner.create({
        model: this.#model,
        sessions: this.#sessions,
        styles: stepStyles,
        latentShape,
        attention,
      }),
    );
    if (plan.previewEvery > 0) {
      this.#preview ??= await fitPreview(
        config.latentChannels,
        manifest.latentScale,
        await this.#sessions.decoder(attention),
      );
    }

    signal.throwIfAborted();
    const latents = await clock.time('unet', () =>
      this.#sample(plan, runner, latentShape, signal, onProgress),
    );

    signal.throwIfAborted();
    onProgress({ stage: 'decode', message: 'decoding the picture' });
    const picture = await clock.time('decode', async () =>
      decodeLatent(latents, manifest.latentScale, await this.#sessions.decoder(attention)),
    );
    signal.throwIfAborted();
    const parameters = this.#parameters(plan, text, styles);
    const png = encodePng(picture, { parameters });
    return { picture, png, parameters, seed: plan.seed, latents, notices, milliseconds: clock.milliseconds };
  }

  async #sample(
    plan: Plan,
    runner: UnetRunner,
    latentShape: readonly number[],
    signal: AbortSignal,
    onProgress: (progress: Progress) => void,
  ): Promise<Tensor> {
    const shape = [1, ...latentShape];
    const draw = pictureNoise(
      [plan.seed],
      latentShape.reduce((count, length) => count * length, 1),
    );
    // The seed's first draw is the start noise even when other noise replaces it, so that later draws stay the same.
    const first = draw();
    onProgress({ stage: 'unet', message: 'drawing', done: 0, total: plan.steps });
    const onStep = ({ step, steps, denoised }: StepDone): void => {
      const wanted = plan.previewEvery > 0 && step % plan.previewEvery === 0 && step < steps;
      onProgress({
        stage: 'unet',
        message: 'drawing',
        done: step,
        total: steps,
        ...(wanted && { preview: previewLatent(tensor(shape, denoised), this.#preview!) }),
      });
    };
    const latents = await sample({
      unet: runner.run,
      prediction: this.#model.manifest.prediction,
      guidance: plan.guidance,
      pictures: 1,
      sampler: plan.sampler.key,
      schedule: plan.schedule,
      steps: plan.steps,
      noise: plan.noise?.data ?? first,
      draw,
      signal,
      onStep,
    });
    return tensor(shape, latents);
  }

  /** The text block: the prompt's text, then a tag for each style in the order in which they were applied. */
  #parameters(plan: Plan, text: string, styles: readonly ReadyStyle[]): string {
    const prompt = [text.trim(), ...styles.map(formatStyleTag)].join(' ').trim();
    const adjustable = styles.filter(({ parameters }) => Object.keys(parameters).length > 0);
    const schedule = SCHEDULES.find(({ key }) => key === plan.schedule);
    return writeParameters({
      prompt,
      negativePrompt: plan.negativePrompt,
      steps: plan.steps,
      sampler: plan.sampler.title,
      ...(schedule !== undefined && { scheduleType: schedule.title }),
      guidance: plan.guidance,
      seed: plan.seed,
      size: { width: plan.width, height: plan.height },
      modelHash: this.#model.facts.hash,
      model: this.#model.facts.name,
      rng: 'CPU',
      ...(styles.length > 0 && {
        hypernetHashes: Object.fromEntries(styles.map(({ name, hash }) => [name, hash])),
      }),
      ...(adjustable.length > 0 && {
        styleParameters: adjustable.map(({ name, parameters }) => ({ style: name, parameters })),
      }),
      version: `Tincture ${VERSION}`,
    });
  }
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

/** Milliseconds a stage took. */
class StageClock {
  readonly milliseconds: Partial<Record<Stage, number>> = {};

  async time<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.milliseconds[stage] = performance.now() - start;
    }
  }
}
