// The user's own models in a browser: files on their disk where it can be remembered which, else copies in the page's storage.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { writeError } from '../cache/error.ts';
import { opfsWorkingFiles, removeWorkingFiles } from '../engine/working-files-opfs.ts';
import { blobSource } from '../formats/blob-source.ts';
import type { ModelDescription } from '../models/describe.ts';
import type { ModelManifest } from '../models/manifest.ts';
import { database } from './database.ts';
import { StoreError } from './errors.ts';
import {
  type IdentifiedModel,
  identifyModel,
  type PickedFile,
  pickedTokenizer,
  TOKENIZER_ADVICE,
  type TokenizerFiles,
  tokenCount,
} from './identify.ts';

/** A file that was picked or dropped, with its handle where the browser gives one. */
export interface Pick extends PickedFile {
  readonly handle?: FileSystemFileHandle | undefined;
}

type PartFile = { readonly handle: FileSystemFileHandle } | { readonly key: string };
type PartFiles = { readonly [Part in keyof IdentifiedModel['parts']]: PartFile };

export interface OwnModel {
  readonly name: string;
  readonly manifest: ModelManifest;
  readonly description: ModelDescription;
  /** Of its weights. */
  readonly bytes: number;
  /** SHA-256 of the checkpoint. */
  readonly sha256: string;
  /** `disk`: read from the user's own file each time; `copy`: in this browser's storage. */
  readonly place: 'disk' | 'copy';
}

interface Kept extends OwnModel {
  readonly files: PartFiles;
  readonly tokenizer: TokenizerFiles;
}

/** What an engine opens. */
export interface OwnModelFiles extends TokenizerFiles {
  readonly manifest: ModelManifest;
  readonly checkpoint: Blob;
  readonly textEncoder?: Blob;
  readonly vae?: Blob;
  readonly previewDecoder?: Blob;
  readonly sha256: string;
}

export interface AddOwnOptions {
  readonly name: string;
  readonly signal?: AbortSignal;
  /** Bytes read and in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface OwnModels {
  list(): Promise<OwnModel[]>;
  /**
   * Adds the model that the files are together. Throws `store/exists`, `store/tokenizer` where none came along and none is
   * remembered, `cache/quota`, ModelError, FormatError, or the signal's reason; nothing is kept then.
   */
  add(picks: readonly Pick[], options: AddOwnOptions): Promise<OwnModel>;
  /** The model's files, asking for leave to read them where that has lapsed; undefined where there is none of that name. */
  open(name: string): Promise<OwnModelFiles | undefined>;
  remove(name: string): Promise<void>;
  /** Remembers a tokenizer among the files; its count of tokens, or undefined where there is none. */
  rememberTokenizer(picks: readonly PickedFile[]): Promise<number | undefined>;
  /** Counts of tokens of the remembered ones. */
  tokenizers(): Promise<number[]>;
}

const PIECE_BYTES = 8 * 2 ** 20;
const models = database<Kept>('models');
const tokenizers = database<TokenizerFiles>('tokenizers');

/** The models of this origin; pages share them. */
export function openOwnModels(): OwnModels {
  const remember = async (files: TokenizerFiles): Promise<number> => {
    const count = tokenCount(files);
    await tokenizers.put(String(count), files);
    return count;
  };

  const add = async (picks: readonly Pick[], options: AddOwnOptions): Promise<OwnModel> => {
    const { name } = options;
    if ((await models.get(name)) !== undefined) {
      throw new StoreError('exists', `a model ${name} is there already`, {
        fix: 'Give it another name, or remove that one first.',
      });
    }
    const identified = await identifyModel(picks, name);
    const tokenizer = await tokenizerFor(identified, picks);
    const { files, digest } = await keepFiles(identified, picks, options);
    const bytes = Object.values(identified.parts).reduce(
      (sum, path) => sum + fileAt(picks, path).file.size,
      0,
    );
    const { manifest, description } = identified;
    const place = Object.values(files).some((file) => 'key' in file) ? 'copy' : 'disk';
    const own: OwnModel = { name, manifest, description, bytes, sha256: digest, place };
    try {
      await models.put(name, { ...own, files, tokenizer });
      await remember(tokenizer);
    } catch (error) {
      for (const file of Object.values(files)) if ('key' in file) await removeWorkingFiles(file.key);
      throw error;
    }
    return own;
  };
  return {
    list: () => models.all(),

    async add(picks, options) {
      try {
        return await add(picks, options);
      } catch (error) {
        const bytes = picks.reduce((sum, { file }) => sum + file.size, 0);
        throw writeError(error, options.name, bytes);
      }
    },

    async open(name) {
      const kept = await models.get(name);
      if (kept === undefined) return undefined;
      const blobs: Record<string, Blob> = {};
      for (const [part, file] of Object.entries(kept.files)) blobs[part] = await blobOf(name, file);
      const { manifest, tokenizer } = kept;
      return { ...(blobs as { checkpoint: Blob }), manifest, ...tokenizer, sha256: kept.sha256 };
    },

    async remove(name) {
      const kept = await models.get(name);
      await models.delete(name);
      if (kept === undefined) return;
      await removeWorkingFiles(kept.sha256);
      for (const file of Object.values(kept.files)) if ('key' in file) await removeWorkingFiles(file.key);
    },

    async rememberTokenizer(picks) {
      const found = await pickedTokenizer(picks);
      return found === undefined ? undefined : remember(found);
    },

    async tokenizers() {
      return (await tokenizers.keys()).map(Number);
    },
  };
}

async function tokenizerFor(
  { description }: IdentifiedModel,
  picks: readonly Pick[],
): Promise<TokenizerFiles> {
  const count = description.vocabulary ?? 0;
  const along = await pickedTokenizer(picks);
  if (along !== undefined && tokenCount(along) === count) return along;
  const remembered = await tokenizers.get(String(count));
  if (remembered !== undefined) return remembered;
  throw new StoreError('tokenizer', 'the model comes without a tokenizer', {
    expected: `vocab.json and merges.txt of ${count} tokens`,
    found: along === undefined ? 'none' : `one of ${tokenCount(along)}`,
    fix: `${TOKENIZER_ADVICE} Bring both files here once; they are remembered.`,
  });
}

/** Reads every part once, for the checkpoint's digest and to find out that all of it can be read; copies what has no handle. */
async function keepFiles(
  { parts }: IdentifiedModel,
  picks: readonly Pick[],
  { signal, onProgress }: AddOwnOptions,
): Promise<{ files: PartFiles; digest: string }> {
  const files: Record<string, PartFile> = {};
  const total = Object.values(parts).reduce((sum, path) => sum + fileAt(picks, path).file.size, 0);
  let done = 0;
  let digest = '';
  const copied: string[] = [];
  try {
    for (const [part, path] of Object.entries(parts)) {
      const { file, handle } = fileAt(picks, path);
      const hash = sha256.create();
      const pieces = async function* (): AsyncIterable<Uint8Array<ArrayBuffer>> {
        for (let at = 0; at < file.size; at += PIECE_BYTES) {
          signal?.throwIfAborted();
          const piece = new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer());
          hash.update(piece);
          done += piece.length;
          onProgress?.(done, total);
          yield piece;
        }
      };
      if (handle === undefined) {
        const key = `own-${crypto.randomUUID()}`;
        await opfsWorkingFiles().write(key, file.size, pieces());
        copied.push(key);
        files[part] = { key };
      } else {
        for await (const _ of pieces()) {
          // Only the digest is wanted: the file stays where it is.
        }
        files[part] = { handle };
      }
      if (part === 'checkpoint') digest = bytesToHex(hash.digest());
    }
    signal?.throwIfAborted();
  } catch (error) {
    for (const key of copied) await removeWorkingFiles(key);
    throw error;
  }
  return { files: files as unknown as PartFiles, digest };
}

function fileAt(picks: readonly Pick[], path: string): Pick {
  return picks.find((pick) => pick.path === path)!;
}

/** Chromium's; the DOM's types do not have them yet. */
interface AskingHandle extends FileSystemFileHandle {
  queryPermission?(options: { mode: 'read' }): Promise<PermissionState>;
  requestPermission?(options: { mode: 'read' }): Promise<PermissionState>;
}

async function blobOf(name: string, file: PartFile): Promise<Blob> {
  const gone = (cause?: unknown): StoreError =>
    new StoreError('not-found', `a file of the model ${name} cannot be read any more`, {
      ...('handle' in file && { where: file.handle.name }),
      fix: 'It may have been moved, or reading it was not allowed. Remove the model and add it again.',
      ...(cause !== undefined && { cause }),
    });
  if ('key' in file) {
    const source = await opfsWorkingFiles().open(file.key);
    if (source?.blob === undefined) throw gone();
    return source.blob;
  }
  try {
    const handle = file.handle as AskingHandle;
    const state = (await handle.queryPermission?.({ mode: 'read' })) ?? 'granted';
    if (state !== 'granted' && (await handle.requestPermission?.({ mode: 'read' })) !== 'granted')
      throw gone();
    return blobSource(handle.name, await handle.getFile()).blob!;
  } catch (error) {
    throw error instanceof StoreError ? error : gone(error);
  }
}
