// Tokenizers that came with a model or were given once, remembered for the models that come without.

import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileSource } from '../formats/node-file.ts';
import { MAX_VOCABULARY_CHARACTERS } from '../prompt/vocabulary.ts';
import { StoreError } from './errors.ts';
import { TOKENIZER_ADVICE, type TokenizerFiles, tokenCount } from './identify.ts';

/** Reads both files from a folder; undefined unless both are there. Throws `prompt/vocabulary` for other files. */
export async function tokenizerIn(folder: string): Promise<TokenizerFiles | undefined> {
  const read = async (name: string): Promise<string | undefined> => {
    const source = await fileSource(join(folder, name)).catch(() => undefined);
    if (source === undefined || source.size > 4 * MAX_VOCABULARY_CHARACTERS) return undefined;
    return readFile(source.name, 'utf8');
  };
  const [vocab, merges] = [await read('vocab.json'), await read('merges.txt')];
  return vocab === undefined || merges === undefined ? undefined : { vocab, merges };
}

/** Keeps a tokenizer, by how many tokens it has: what text encoders tell apart. */
export async function rememberTokenizer(data: string, files: TokenizerFiles): Promise<void> {
  const folder = join(data, 'tokenizers', String(tokenCount(files)));
  const partial = `${folder}.${randomUUID()}.part`;
  await mkdir(partial, { recursive: true });
  await writeFile(join(partial, 'vocab.json'), files.vocab);
  await writeFile(join(partial, 'merges.txt'), files.merges);
  // The first one stays.
  await rename(partial, folder).catch(() => rm(partial, { recursive: true, force: true }));
}

/** The remembered tokenizer of so many tokens. Throws `store/tokenizer`, saying where to find CLIP's. */
export async function recallTokenizer(data: string, tokens: number, where: string): Promise<TokenizerFiles> {
  const files = await tokenizerIn(join(data, 'tokenizers', String(tokens)));
  if (files !== undefined) return files;
  throw new StoreError('tokenizer', 'the model comes without a tokenizer', {
    where,
    expected: `vocab.json and merges.txt of ${tokens} tokens beside it`,
    found: 'none, and none is remembered',
    fix: `${TOKENIZER_ADVICE} Give their folder once with --tokenizer; it is remembered.`,
  });
}
