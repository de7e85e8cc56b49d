// The real library behind the studio: the engine in a Worker, the registry of this site, and what is kept on this device.
import type { Hypernetwork, ModelSource, OwnModels, PictureParameters, RegistryStyle } from '../../index.ts';
import {
  blobSource,
  createRegistry,
  createWorkerEngine,
  digestOf,
  embeddingWord,
  embeddingWords,
  HIRES_UPSCALERS,
  holdsModel,
  isStyleFile,
  listWorkingFiles,
  openStyleFile,
  opfsCache,
  parseParameters,
  parseStyleTags,
  readEmbedding,
  readHypernetwork,
  readPngText,
  removeWorkingFiles,
  SAMPLERS,
  SCHEDULES,
  TinctureError,
} from '../../index.ts';
import { inTurns } from './device-turns.ts';
import type { ShelfEmbedding } from './embeddings.ts';
import { hexText } from './hex-text.ts';
import { readPicture } from './read-picture.ts';
import type { ModelDefaults } from './settings.ts';
import type { ShelfStyle } from './styles.ts';
import { STRENGTH } from './styles.ts';
import type { DrawnWith, DroppedModel, Tincture } from './tincture.ts';

/** @param origin Base URL of the edge that served this page. @param own The user's own models, which go before the site's. */
export function openLibrary(origin: string, own: Pick<OwnModels, 'open'>): Tincture {
  const cache = opfsCache();
  const registry = createRegistry(origin, { cache });
  /** What a digest is, learnt from the registry's answers. */
  const labels = new Map<string, string>();

  const card = ({ name, version, manifest, weights, plugin, previews }: RegistryStyle): ShelfStyle => {
    if (weights !== null) labels.set(weights.sha256, `style ${name} ${version}`);
    if (plugin !== null) labels.set(plugin.sha256, `plugin of ${name} ${version}`);
    for (const preview of previews) labels.set(preview.sha256, `preview of ${name}`);
    return {
      id: `registry:${name}`,
      name,
      origin: 'registry',
      ...(previews[0] === undefined ? {} : { preview: previews[0] }),
      ...fromManifest(manifest),
    };
  };

  const modelSource = async (model: string | DroppedModel): Promise<ModelSource> =>
    typeof model === 'string' ? ((await own.open(model)) ?? model) : model;

  return {
    samplers: SAMPLERS.map(({ key, title, defaultSchedule }) => ({
      name: key,
      title,
      ownTimesteps: defaultSchedule === undefined,
    })),
    upscalers: HIRES_UPSCALERS.map(({ key, title }) => ({ name: key, title })),
    schedules: SCHEDULES.map(({ key, title }) => ({ name: key, title })),
    defaultsOf,
    readParameters,

    modelSource,

    async openEngine(model, backend, options) {
      const engine = await createWorkerEngine({
        model: await modelSource(model),
        registry: origin,
        wasmPaths: '/ort/',
        ...(backend === undefined ? {} : { backend }),
        ...options,
      });
      return inTurns(engine);
    },

    async listModels() {
      const { models } = await registry.listModels();
      return models.map(({ name, manifest, files }) => {
        for (const [file, { sha256 }] of Object.entries(files)) labels.set(sha256, `${name}, ${file}`);
        const bytes = Object.values(files).reduce((sum, { size }) => sum + size, 0);
        return { name, bytes, defaults: defaultsOf(manifest) };
      });
    },

    async findStyles(query) {
      const text = query.trim();
      const { styles } = await registry.searchStyles({ kind: 'style', ...(text !== '' && { text }) });
      return styles.map(card);
    },

    async findEmbeddings(query) {
      const text = query.trim();
      const { styles } = await registry.searchStyles({ kind: 'embedding', ...(text !== '' && { text }) });
      return styles.flatMap(({ name, version, manifest, weights }): ShelfEmbedding[] => {
        if (weights === null) return [];
        labels.set(weights.sha256, `embedding ${name} ${version}`);
        return [fromEmbedding(name, manifest, weights.sha256)];
      });
    },

    async styleWeights(name) {
      const { weights } = await registry.resolveStyle(name);
      if (weights === null) {
        throw new TinctureError('studio/weights', 'the style has no weights: its plugin makes all of it', {
          where: `style ${name}`,
          fix: 'Choose another style.',
        });
      }
      return new File([await registry.fetchBlob(weights)], `${name}.safetensors`);
    },

    blob: (ref) => registry.fetchBlob(ref),

    isModel: (file) => holdsModel({ path: file.name, file }),
    readPicture,
    describeStyle,
    describeEmbedding,

    async keep(bytes, label) {
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      const sha256 = hexText(digest);
      labels.set(sha256, label);
      await cache.put(sha256, bytes.length, new Blob([bytes]).stream());
      return sha256;
    },
    kept(sha256, label) {
      labels.set(sha256, label);
      return cache.get(sha256);
    },

    async stored() {
      const blobs = await cache.list();
      const copies = (await listWorkingFiles()).filter(({ key }) => !isOwnFile(key));
      return [
        ...blobs.map(({ sha256, size }) => ({ sha256, size, label: labels.get(sha256) ?? 'a download' })),
        ...copies.map(({ key, size }) => ({ sha256: key, size, label: 'weights in single precision' })),
      ];
    },
    async forget(sha256) {
      if (isDigest(sha256)) await cache.delete(sha256);
      else await removeWorkingFiles(sha256);
    },
    async forgetAll() {
      await cache.clear();
      for (const { key } of await listWorkingFiles()) if (!isOwnFile(key)) await removeWorkingFiles(key);
    },
  };
}

/** The user's own models are removed on their page. */
function isOwnFile(key: string): boolean {
  return key.startsWith('own-');
}

function isDigest(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** What a card shows of a manifest, be it the registry's or a file's. */
function fromManifest({
  title,
  description,
  triggerWords,
  layers,
  parameters,
}: RegistryStyle['manifest']): Pick<
  ShelfStyle,
  'title' | 'description' | 'triggerWords' | 'widths' | 'strength' | 'parameters'
> {
  const strength = parameters.find(({ name }) => name === 'strength');
  return {
    title,
    description,
    triggerWords,
    ...(layers === null ? {} : { widths: layers.widths }),
    strength: {
      min: strength?.minimum ?? STRENGTH.min,
      max: strength?.maximum ?? STRENGTH.max,
      initial: strength?.default ?? STRENGTH.initial,
    },
    parameters: parameters.filter(({ name }) => name !== 'strength'),
  };
}

async function describeStyle(file: File): Promise<ShelfStyle> {
  const source = blobSource(file.name, file);
  if (await isStyleFile(source)) {
    const { manifest, blob } = await openStyleFile(source);
    const [first] = manifest.blobs.previews;
    const preview = first === undefined ? undefined : blob(first.sha256).blob;
    return {
      id: `file:${manifest.name}`,
      name: manifest.name,
      origin: 'file',
      file,
      ...(preview === undefined ? {} : { preview }),
      ...fromManifest(manifest),
    };
  }
  const name = file.name.replace(/\.(pt|safetensors)$/i, '');
  const hypernetwork = await readHypernetwork(source);
  return {
    id: `file:${name}`,
    name,
    title: name,
    description: descriptionOf(hypernetwork),
    origin: 'file',
    file,
    triggerWords: [],
    widths: [...hypernetwork.widths.keys()],
    strength: STRENGTH,
  };
}

async function describeEmbedding(file: File): Promise<ShelfEmbedding | undefined> {
  const source = blobSource(file.name, file);
  if (await isStyleFile(source)) {
    const { manifest } = await openStyleFile(source);
    const { weights } = manifest.blobs;
    if (manifest.kind !== 'embedding' || weights === null) return undefined;
    return { ...fromEmbedding(embeddingWord(file.name), manifest, weights.sha256), file };
  }
  const embedding = await readEmbedding(source);
  if (embedding === undefined) return undefined;
  const name = embeddingWord(file.name);
  const [vectors, width] = embedding.vectors.shape as [number, number];
  return {
    name,
    words: embeddingWords(name, embedding),
    vectors,
    width,
    sha256: await digestOf(source),
    file,
  };
}

/** An embedding as its manifest tells of it. */
function fromEmbedding(
  name: string,
  { vectors = 1, base }: RegistryStyle['manifest'],
  sha256: string,
): ShelfEmbedding {
  return { name, words: [name], vectors, width: base.contextWidth, sha256 };
}

function descriptionOf({ description, widths }: Hypernetwork): string {
  const step = description.step === null ? '' : `, step ${description.step}`;
  return `widths ${[...widths.keys()].join(', ')}; ${description.activation}${step}`;
}

function defaultsOf(manifest: unknown): ModelDefaults {
  const { defaults } = (manifest ?? {}) as { defaults?: Record<string, unknown> };
  const number = (value: unknown): number | undefined =>
    typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const known = {
    width: number(defaults?.width),
    height: number(defaults?.height),
    steps: number(defaults?.steps),
    guidance: number(defaults?.guidance),
    sampler: text(defaults?.sampler),
    schedule: text(defaults?.schedule),
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

function readParameters(png: Uint8Array<ArrayBuffer>): DrawnWith | undefined {
  const block = readPngText(png).parameters;
  if (block === undefined) return undefined;
  const found = parseParameters(block);
  const { text, styles, others } = parseStyleTags(found.prompt);
  return {
    // Tags that are not ours stay, so that drawing says what becomes of them.
    prompt: [text.trim(), ...others].join(' ').trim(),
    negativePrompt: found.negativePrompt ?? '',
    styles: withStrengths(withParameters(styles, found.styleParameters ?? []), found.styleStrengths ?? []),
    seed: found.seed?.toString(),
    steps: found.steps,
    sampler: found.sampler,
    schedule: found.scheduleType,
    guidance: found.guidance,
    width: found.size?.width,
    height: found.size?.height,
    model: found.model,
    modelHash: found.modelHash,
    clipSkip: found.clipSkip,
    rng: found.rng,
    tiling: found.tiling,
    vaeTiling: found.vaeTiling,
    variationSeed: found.variationSeed?.toString(),
    variationStrength: found.variationStrength,
    laterSeedDelta: found.ensd,
    denoisingStrength: found.denoisingStrength,
    maskBlur: found.maskBlur,
    maskedContent: found.maskedContent,
    hiresScale: found.hiresScale,
    hiresSize: found.hiresSize,
    hiresSteps: found.hiresSteps,
    hiresUpscaler: found.hiresUpscaler,
    embeddings: found.embeddingHashes ?? {},
  };
}

/** The tags' styles, each with the parameters that the block tells of it; both lists are in the order of use. */
function withParameters(
  styles: DrawnWith['styles'],
  told: NonNullable<PictureParameters['styleParameters']>,
): DrawnWith['styles'] {
  const left = [...told];
  return styles.map((style) => {
    const at = left.findIndex((entry) => entry.style === style.name);
    return at < 0 ? style : { ...style, parameters: left.splice(at, 1)[0]!.parameters };
  });
}

/** The same of factors on their strength and of curves. */
function withStrengths(
  styles: DrawnWith['styles'],
  told: NonNullable<PictureParameters['styleStrengths']>,
): DrawnWith['styles'] {
  const left = [...told];
  return styles.map((style) => {
    const at = left.findIndex((entry) => entry.style === style.name);
    if (at < 0) return style;
    const { style: _, ...strengths } = left.splice(at, 1)[0]!;
    return { ...style, ...strengths };
  });
}
