// CLIP's tokenizer, built from a checkpoint's own vocabulary.
import { Tokenizer as BytePairTokenizer } from '@huggingface/tokenizers';
import { checkPromptLength } from './limits.ts';
import { END_TOKEN, readVocabulary, START_TOKEN } from './vocabulary.ts';

/** Places of one chunk of the text encoder: start, 75 tokens, end. */
export const WINDOW_LENGTH = 77;
/** Places for the prompt's own tokens. */
export const WINDOW_TOKENS = WINDOW_LENGTH - 2;

/** CLIP's word pattern (Radford et al. 2021): contractions, runs of letters, single digits, runs of anything else. */
const WORD_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

export interface Tokenizer {
  /** Ids of the special tokens. */
  readonly start: number;
  readonly end: number;
  /** The token of a comma that stands alone. */
  readonly comma: number;
  /** What fills a chunk behind its end token: the end token again (1.x), or id 0 (2.x). */
  readonly padding: number;
  /** Largest id and one: the text encoder needs as many embedding rows. */
  readonly size: number;
  /** Token ids without start and end, of any length. Throws `prompt/too-long`. */
  encode(text: string): number[];
}

export interface TokenizerOptions {
  /** Default: the end token. */
  readonly padding?: number;
}

/**
 * Builds the tokenizer: NFC, runs of white space to one space, lower case; words by CLIP's pattern; bytes as characters;
 * merges within words, `</w>` closing each. Text is not repaired by ftfy and HTML entities are left alone. What the
 * vocabulary lacks becomes the end token. Throws `prompt/vocabulary` for files that do not fit.
 */
export function createTokenizer(
  vocabJson: string,
  mergesText: string,
  options: TokenizerOptions = {},
): Tokenizer {
  const { ids, merges, start, end } = readVocabulary(vocabJson, mergesText);
  const { padding = end } = options;
  const special = [START_TOKEN, END_TOKEN].map((content) => ({
    id: ids[content]!,
    content,
    normalized: true,
    special: false,
  }));
  const library = new BytePairTokenizer(
    {
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'NFC' },
          { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
          { type: 'Lowercase' },
        ],
      },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: WORD_PATTERN }, behavior: 'Removed', invert: true },
          { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
        ],
      },
      model: { type: 'BPE', vocab: ids, merges, unk_token: END_TOKEN, end_of_word_suffix: '</w>' },
      post_processor: null,
      decoder: null,
      added_tokens: special,
    },
    {},
  );
  const size = Object.values(ids).reduce((largest, id) => Math.max(largest, id), 0) + 1;

  const encode = (text: string): number[] => {
    checkPromptLength(text);
    return library.encode(text).ids;
  };
  return { start, end, comma: encode(',')[0] ?? end, padding, size, encode };
}
