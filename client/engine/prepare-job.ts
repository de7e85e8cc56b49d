// From a request to a job: styles and embeddings opened, prompts encoded, the start and the size's sessions chosen.
import type { Before } from '../prompt/editing.ts';
import { EmbeddingWords } from '../prompt/embedding-words.ts';
import { parseStyleTags } from '../prompt/style-tags.ts';
import { stepsTaken } from '../sampling/sample.ts';
import { type Conditioning, conditionPicture } from './conditioning.ts';
import type { OpenEmbedding } from './embeddings.ts';
import type { GenerateRequest } from './engine.ts';
import { strengthOfLast } from './hires.ts';
import { idleStyles } from './idle-styles.ts';
import type { Job, PipelineParts, Watch } from './job.ts';
import type { OpenModel } from './model.ts';
import type { Previews } from './preview.ts';
import { type Plan, planRequest } from './request.ts';
import { prepareStart } from './start-latent.ts';
import { noteResized } from './start-picture.ts';
import { StepStyles } from './step-styles.ts';
import type { ReadyStyle } from './styles.ts';
import { openVae, planTiles, runSize } from './vae.ts';

const NO_CLIP_SKIP =
  'Stable Diffusion 2.x always reads the text encoder’s last but one layer: clip skip changes nothing here.';

/**
 * Does all that comes before the first step. `previews` are opened only where the request wants some. Rejects with the
 * signal's reason when aborted, else with errors in words.
 */
export async function prepareJob(
  request: GenerateRequest,
  parts: PipelineParts,
  watch: Watch,
  previews: Previews,
): Promise<Job> {
  const { model } = parts;
  const plan = planRequest(request, model.facts, model.config.latentFactor);
  const { text, styles: tagged, others } = parseStyleTags(plan.prompt);
  const notices = others.map((tag) => `${tag} is no kind of style that Tincture draws with: it is left out.`);
  if (plan.clipSkip > 1 && !skipsLayers(model)) notices.push(NO_CLIP_SKIP);
  const named = tagged.map(({ name, strength }) => ({ style: name, strength }));
  const opened = await openStyles(request, named, parts, watch);

  watch.signal.throwIfAborted();
  const steps = stepsTaken(plan.sampler.key, plan.steps, plan.start?.strength);
  const read = await readPrompts({ plan, text, opened, steps, parts, watch });
  notices.push(...read.notices);

  watch.signal.throwIfAborted();
  const sized = await prepareSize(plan, read.conditioning, parts, watch, notices);
  watch.signal.throwIfAborted();
  return {
    ...watch,
    parts,
    plan,
    conditioning: read.conditioning,
    styles: read.styles,
    opened,
    steps,
    progress: { before: 0, total: stepsOfAll(plan, steps) },
    ...sized,
    preview: plan.previewEvery > 0 ? await previews.open(plan, sized.vae, watch.signal) : undefined,
    drawnFrom: {
      plan,
      model: model.facts,
      text,
      styles: opened.styles,
      embeddings: read.conditioning.embeddings,
    },
    notices,
  };
}

/** Steps of all batches, of both passes where there are two. */
function stepsOfAll({ sampler, hires, seeds, batchSize }: Plan, steps: number): number {
  const second =
    hires === undefined ? 0 : stepsTaken(sampler.key, hires.scheduleSteps, strengthOfLast(hires));
  return (seeds.length / batchSize) * (steps + second);
}

/** As in the web UI: OpenCLIP's last layer is left out already, and no setting changes that. */
function skipsLayers({ manifest }: OpenModel): boolean {
  return manifest.architecture === 'stable-diffusion-v1';
}

/** What a request's prompts name. */
export interface Opened {
  readonly styles: readonly ReadyStyle[];
  readonly embeddings: readonly OpenEmbedding[];
}

/** The request's styles, those of the prompt's tags, and the embeddings. */
async function openStyles(
  request: GenerateRequest,
  named: NonNullable<GenerateRequest['styles']>,
  parts: PipelineParts,
  { signal, clock, onProgress }: Watch,
): Promise<Opened> {
  onProgress({ stage: 'style', message: 'preparing the styles' });
  return clock.time('style', async () => ({
    styles: await parts.styles.prepare([...(request.styles ?? []), ...named], signal),
    embeddings: await parts.embeddings.prepare(request.embeddings ?? [], signal),
  }));
}

/** A pass whose prompts are to be read. */
export interface UnreadPass {
  readonly plan: Plan;
  /** The prompt without style tags. */
  readonly text: string;
  readonly opened: Opened;
  /** Steps that are taken. */
  readonly steps: number;
  readonly before?: Before;
  readonly parts: PipelineParts;
  readonly watch: Watch;
}

interface ReadPrompts extends Pick<Job, 'conditioning' | 'styles' | 'notices'> {}

/** The contexts of both prompts, and the styles at their first step. */
export async function readPrompts(pass: UnreadPass): Promise<ReadPrompts> {
  const { plan, text, opened, steps, before, parts, watch } = pass;
  const { model, sessions } = parts;
  const { signal } = watch;
  watch.onProgress({ stage: 'text', message: 'reading the prompt' });
  return watch.clock.time('text', async () => {
    const conditioning = await conditionPicture(
      {
        prompt: text,
        negativePrompt: plan.negativePrompt,
        guidance: plan.guidance,
        runs: plan.steps * plan.sampler.runsPerStep,
        ...(before && { before }),
      },
      {
        model,
        encoder: await sessions.textEncoder(),
        words: new EmbeddingWords<OpenEmbedding>(opened.embeddings, model.tokenizer),
        clipSkip: skipsLayers(model) ? plan.clipSkip : 1,
        signal,
      },
    );
    const styles = await StepStyles.begin(opened.styles, conditioning, steps, signal);
    const notices = [...idleStyles(await styles.at(0, 0), model.facts), ...conditioning.notices];
    return { conditioning, styles, notices };
  });
}

/** What depends on the size that is drawn. */
export async function prepareSize(
  plan: Plan,
  conditioning: Conditioning,
  parts: PipelineParts,
  { signal, clock, onProgress }: Watch,
  notices: string[],
): Promise<Pick<Job, 'latentShape' | 'attention' | 'padding' | 'vae' | 'masked' | 'start'>> {
  const { config } = parts.model;
  onProgress({ stage: 'model', message: 'preparing the UNet' });
  const { width, height, tiling: wraps } = plan;
  const { latentFactor } = config;
  const latentShape = [config.latentChannels, height / latentFactor, width / latentFactor];
  const tiles = planTiles(config, plan, plan.vaeTiling, wraps);
  const {
    attention,
    vae: vaeAttention,
    notice,
  } = await parts.attention.choose(
    { batch: conditioning.rows * plan.batchSize, width, height, tokens: conditioning.tokens },
    runSize(config, plan, tiles),
  );
  if (notice !== undefined && !notices.includes(notice)) notices.push(notice);
  const { sessions } = parts;
  const vae = openVae({ sessions, attention: vaeAttention, latentFactor, wraps, tiles, signal });
  if (plan.start !== undefined && 'image' in plan.start) {
    const resized = noteResized(plan.start.image, plan);
    if (resized !== undefined) notices.push(resized);
    onProgress({ stage: 'model', message: 'encoding the picture' });
  }
  const started = await clock.time('model', () => prepareStart(plan, latentShape, parts, vae));
  return { latentShape, attention, padding: wraps ? 'wrap' : 'zeros', vae, ...started };
}
