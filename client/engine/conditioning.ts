// Which contexts the UNet reads at each of its runs: a prompt's parts and versions, and the negative prompt's.
import { promptParts } from '../prompt/composition.ts';
import { type Before, type PromptVersion, promptVersions, versionAt } from '../prompt/editing.ts';
import { WINDOW_LENGTH } from '../prompt/tokenizer.ts';
import { needsNegative } from '../sampling/denoiser.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { encodeVersions, MAX_PICTURE_CHUNKS, type TextReader } from './context.ts';
import type { OpenEmbedding } from './embeddings.ts';

/** The contexts of one run, by their place in `contexts`. */
export interface ContextRows {
  /** One for each of the prompt's parts. */
  readonly prompts: readonly number[];
  /** Undefined where the negative prompt has no say. */
  readonly negative: number | undefined;
}

export interface Conditioning {
  /** [tokens, width] each; those of the prompt's parts have one length. */
  readonly contexts: readonly Tensor[];
  /** How much each part of the prompt counts. */
  readonly weights: readonly number[];
  /** Of the longest context. */
  readonly tokens: number;
  /** Rows of the UNet for one picture. */
  readonly rows: number;
  /** Those that the prompts use, in order. */
  readonly embeddings: readonly OpenEmbedding[];
  /** What the user should know. */
  readonly notices: readonly string[];
  /** What the network's run number `run`, from 0, reads. */
  at(run: number): ContextRows;
}

export interface PromptPair {
  /** Without style tags. */
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly guidance: number;
  /** Runs of the network that shares of the way refer to: steps, or twice as many for second-order samplers. */
  readonly runs: number;
  /** Of a second pass: the runs of the first. */
  readonly before?: Before;
}

interface Track {
  readonly versions: readonly PromptVersion[];
  /** Places of the versions' contexts. */
  readonly places: readonly number[];
}

/** Encodes both prompts. Throws what `promptParts`, `promptVersions` and `encodeVersions` throw. */
export async function conditionPicture(pair: PromptPair, reader: TextReader): Promise<Conditioning> {
  const parts = promptParts(pair.prompt);
  const weights = parts.map(({ weight }) => weight);
  const contexts: Tensor[] = [];
  const track = async (text: string): Promise<Track> => {
    const versions = promptVersions(text, pair.runs, pair.before);
    const encoded = await encodeVersions(
      versions.map((version) => version.text),
      reader,
      MAX_PICTURE_CHUNKS - contexts.reduce((sum, { shape }) => sum + shape[0]! / WINDOW_LENGTH, 0),
    );
    const places = new Map([...encoded.keys()].map((version, i) => [version, contexts.length + i]));
    contexts.push(...encoded.values());
    return { versions, places: versions.map((version) => places.get(version.text)!) };
  };
  const tracks: Track[] = [];
  for (const { text } of parts) tracks.push(await track(text));
  const longest = Math.max(...contexts.map(({ shape }) => shape[0]!));
  for (const [i, context] of contexts.entries()) contexts[i] = lengthened(context, longest);
  const negative = needsNegative(pair.guidance, weights) ? await track(pair.negativePrompt) : undefined;
  const placeAt = ({ versions, places }: Track, run: number): number => places[versionAt(versions, run)]!;
  return {
    contexts,
    weights,
    tokens: Math.max(...contexts.map(({ shape }) => shape[0]!)),
    rows: tracks.length + (negative === undefined ? 0 : 1),
    embeddings: reader.words.used,
    notices: parts.length === 1 && weights[0] !== 1 ? [weighsAll(weights[0]!)] : [],
    at: (run) => ({
      prompts: tracks.map((it) => placeAt(it, run)),
      negative: negative && placeAt(negative, run),
    }),
  };
}

function weighsAll(weight: number): string {
  return (
    `The prompt ends in “:${weight}”, so the whole prompt counts ${weight} times. If that is not meant, put a word or a full stop ` +
    'behind the number.'
  );
}

/** Parts of different lengths are run together: AUTOMATIC1111's web UI repeats the shorter one's last row. */
function lengthened(context: Tensor, rows: number): Tensor {
  const [length, width] = context.shape as [number, number];
  if (length === rows) return context;
  const longer = tensor([rows, width]);
  longer.data.set(context.data);
  const last = context.data.subarray((length - 1) * width);
  for (let row = length; row < rows; row++) longer.data.set(last, row * width);
  return longer;
}
