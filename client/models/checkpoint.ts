// One model out of one file or several, in any layout: UNet, text encoder and VAE under one set of names.
import type { TensorEntry, TensorFile } from '../formats/entry.ts';
import { tensorFile } from '../formats/tensor-file.ts';
import { diffusersUnetNames, diffusersVaeNames, type Rename } from './diffusers-names.ts';
import { refuseOtherFamilies, refuseStrangeFile } from './family.ts';
import type { ModelArchitecture } from './manifest.ts';
import { PART_PREFIX, type PartName, TEXT_PREFIX, UNET_PREFIX, VAE_PREFIX } from './names.ts';
import { openClipTensors } from './open-clip-names.ts';

/** How a file spells a part's names. */
export type PartLayout = 'compvis' | 'diffusers' | 'open-clip';

/** One part of a model as one file holds it. */
export interface CheckpointPart {
  readonly name: PartName;
  readonly layout: PartLayout;
  /** The file that it lies in. */
  readonly file: string;
  /** By our names; each record knows its source and keeps the name that its file has for it. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

/** A model's tensors under our names, wherever they lie. */
export interface Checkpoint extends TensorFile {
  readonly parts: ReadonlyMap<PartName, CheckpointPart>;
}

/**
 * Puts a model together: of each part the last file that holds it counts, so that a separate VAE comes after the
 * checkpoint. Parts may be missing (`readModelConfig` says so). `files` is not empty. Throws `model/unsupported`, naming
 * what it is, for a file of another family or without any part of a model.
 */
export function assembleCheckpoint(files: readonly TensorFile[]): Checkpoint {
  const parts = new Map<PartName, CheckpointPart>();
  for (const file of files) {
    refuseOtherFamilies(file);
    const found = partsOf(file);
    if (found.length === 0) refuseStrangeFile(file);
    for (const part of found) parts.set(part.name, part);
  }
  const entries = new Map<string, TensorEntry>();
  for (const part of parts.values()) for (const [name, entry] of part.entries) entries.set(name, entry);
  const first = files[0]!;
  return { ...tensorFile(first.source, entries, first.metadata), parts };
}

/**
 * Whether this is 1.x or 2.x: 2.x has OpenCLIP's text encoder, and linear layers around its transformers where 1.x has
 * convolutions.
 */
export function architectureOf({ parts }: Pick<Checkpoint, 'parts'>): ModelArchitecture {
  if (parts.get('text')?.layout === 'open-clip') return 'stable-diffusion-v2';
  const projection = parts.get('unet')?.entries.get(`${UNET_PREFIX}.middle_block.1.proj_in.weight`);
  return projection?.shape.length === 2 ? 'stable-diffusion-v2' : 'stable-diffusion-v1';
}

/** A prefix that a whole file may stand under: what trainers save around a model. */
const WRAPPER = /^(?:state_dict\.|module\.)+/;
const CLIP_REST = /^(logit_scale|text_projection|visual_projection|vision_model)\b/;

function partsOf(file: TensorFile): CheckpointPart[] {
  const all = new Map<string, TensorEntry>();
  for (const [name, entry] of file.entries) {
    all.set(name.replace(WRAPPER, ''), { ...entry, source: entry.source ?? file.source });
  }
  const single = singleFileParts(all);
  const parts = single.length > 0 ? single : separatePart(all);
  return parts.map((part) => ({ ...part, file: file.source.name }));
}

type Found = Omit<CheckpointPart, 'file'>;

/** The parts of a single-file checkpoint, each below its prefix. */
function singleFileParts(all: ReadonlyMap<string, TensorEntry>): Found[] {
  const parts: Found[] = [];
  for (const name of ['unet', 'vae'] as const) {
    const entries = withPrefix(all, `${PART_PREFIX[name]}.`);
    if (entries.size > 0) parts.push({ name, layout: 'compvis', entries: under(PART_PREFIX[name], entries) });
  }
  const open = withPrefix(all, 'cond_stage_model.model.');
  if (open.size > 0) {
    parts.push({ name: 'text', layout: 'open-clip', entries: under(TEXT_PREFIX, openClipTensors(open)) });
  } else {
    const text = new Map<string, TensorEntry>();
    for (const [name, entry] of withPrefix(all, 'cond_stage_model.')) {
      const rest = name.replace(/^transformer\./, '').replace(/^text_model\./, '');
      if (!CLIP_REST.test(rest)) text.set(rest, entry);
    }
    if (text.size > 0) parts.push({ name: 'text', layout: 'compvis', entries: under(TEXT_PREFIX, text) });
  }
  return parts;
}

/** The one part of a file that holds nothing else, such as a separate VAE or a file of the diffusers layout. */
function separatePart(all: ReadonlyMap<string, TensorEntry>): Found[] {
  const names = [...all.keys()];
  const has = (sign: RegExp): boolean => names.some((name) => sign.test(name));
  if (has(/^time_embedding\.linear_1\./) && has(/^down_blocks\.\d+\.resnets\./)) {
    return [
      { name: 'unet', layout: 'diffusers', entries: renamed(all, UNET_PREFIX, diffusersUnetNames(names)) },
    ];
  }
  if (has(/^(encoder\.down|decoder\.up)_blocks\./)) {
    return [
      { name: 'vae', layout: 'diffusers', entries: renamed(all, VAE_PREFIX, diffusersVaeNames(names)) },
    ];
  }
  if (has(/^input_blocks\.\d+\.\d+\./) && has(/^time_embed\./)) {
    return [{ name: 'unet', layout: 'compvis', entries: under(UNET_PREFIX, all) }];
  }
  if (has(/^(encoder\.down|decoder\.up)\.\d+\.block\./)) {
    const kept = new Map([...all].filter(([name]) => /^(encoder|decoder|(post_)?quant_conv)\./.test(name)));
    return [{ name: 'vae', layout: 'compvis', entries: under(VAE_PREFIX, kept) }];
  }
  if (has(/^text_model\.encoder\.layers\./)) {
    return [
      { name: 'text', layout: 'diffusers', entries: under(TEXT_PREFIX, withPrefix(all, 'text_model.')) },
    ];
  }
  if (has(/^transformer\.resblocks\./) && has(/^ln_final\./)) {
    return [{ name: 'text', layout: 'open-clip', entries: under(TEXT_PREFIX, openClipTensors(all)) }];
  }
  return [];
}

/** What lies below a prefix, without it. */
function withPrefix(all: ReadonlyMap<string, TensorEntry>, prefix: string): Map<string, TensorEntry> {
  const below = new Map<string, TensorEntry>();
  for (const [name, entry] of all) if (name.startsWith(prefix)) below.set(name.slice(prefix.length), entry);
  return below;
}

function under(prefix: string, entries: ReadonlyMap<string, TensorEntry>): Map<string, TensorEntry> {
  return new Map([...entries].map(([name, entry]) => [`${prefix}.${name}`, entry]));
}

/** Names that the layout does not know keep theirs, which `readModelConfig` then refuses as belonging to no part. */
function renamed(
  all: ReadonlyMap<string, TensorEntry>,
  prefix: string,
  rename: Rename,
): Map<string, TensorEntry> {
  return new Map([...all].map(([name, entry]) => [`${prefix}.${rename(name) ?? name}`, entry]));
}
