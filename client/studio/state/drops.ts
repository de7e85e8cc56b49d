// What dropped files are: a model's files, styles, or pictures that carry their parameters.
import { blobSource, isStyleFile, TinctureError } from '../../index.ts';

/** `model` holds the files of one folder with a `model.json`; nothing of it has been read yet. */
export interface Sorted {
  readonly model: readonly File[];
  /** Styles or embeddings, or whole models in one file. */
  readonly styles: readonly File[];
  /** Embeddings too may be pictures. */
  readonly pictures: readonly File[];
  readonly unknown: readonly File[];
}

export interface ModelParts {
  readonly manifest: Record<string, unknown>;
  readonly checkpoint: File;
  readonly previewDecoder?: File;
  readonly vocab: string;
  readonly merges: string;
}

/** Texts of a model folder that are larger than this are no manifest, vocabulary or merges. */
const TEXT_BYTES = 32 * 1024 * 1024;

/**
 * Sorts files by what their names end with; `.style` files are told by their content, whatever they are called. With
 * a `model.json` among them, all that is no picture belongs to it.
 */
export async function sortFiles(files: readonly File[]): Promise<Sorted> {
  const ends = (file: File, ...endings: string[]) =>
    endings.some((ending) => file.name.toLowerCase().endsWith(ending));
  const pictures = files.filter((file) => ends(file, '.png', '.jpg', '.jpeg', '.webp'));
  const rest = files.filter((file) => !pictures.includes(file));
  if (rest.some(({ name }) => name === 'model.json'))
    return { model: rest, styles: [], pictures, unknown: [] };
  const styles: File[] = [];
  const unknown: File[] = [];
  for (const file of rest) {
    const known =
      ends(file, '.pt', '.bin', '.safetensors', '.ckpt', '.style') ||
      (await isStyleFile(blobSource(file.name, file)));
    (known ? styles : unknown).push(file);
  }
  return { model: [], styles, pictures, unknown };
}

/** The parts of a model, found among its files by what its `model.json` names. Throws `studio/model-files`. */
export async function modelParts(files: readonly File[]): Promise<ModelParts> {
  const named = (path: unknown, what: string): File => {
    const wanted = typeof path === 'string' ? path.split('/').at(-1) : undefined;
    const file = files.find(({ name }) => name === wanted);
    if (file !== undefined) return file;
    throw new TinctureError('studio/model-files', `the file of the ${what} is missing`, {
      where: 'model.json',
      expected: typeof path === 'string' ? path : 'a path',
      found: files.map(({ name }) => name).join(', '),
      fix: 'Drop all files of the model’s folder together, or the folder itself.',
    });
  };
  const manifest = parseManifest(await text(named('model.json', 'manifest')));
  const tokenizer = isRecord(manifest.tokenizer) ? manifest.tokenizer : {};
  return {
    manifest,
    checkpoint: named(manifest.checkpoint, 'checkpoint'),
    ...(manifest.previewDecoder !== undefined && {
      previewDecoder: named(manifest.previewDecoder, 'preview decoder'),
    }),
    vocab: await text(named(tokenizer.vocab, 'vocabulary')),
    merges: await text(named(tokenizer.merges, 'merges')),
  };
}

/** A verb that takes files, as one that takes a drop. */
export function ofDrop(
  bring: (files: readonly File[]) => Promise<void>,
): (dropped: DataTransfer) => Promise<void> {
  return async (dropped) => bring(await droppedFiles(dropped));
}

/** All files of a drop; of a dropped folder, those directly in it. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  // Entries must be asked for before the first await: the list is emptied when the event ends.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const files = [...transfer.files];
  for (const entry of entries) {
    if (entry === null || !entry.isDirectory) continue;
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    const inside = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    for (const child of inside) {
      if (child.isFile) {
        files.push(
          await new Promise<File>((resolve, reject) => (child as FileSystemFileEntry).file(resolve, reject)),
        );
      }
    }
  }
  const folders = entries.flatMap((entry) => (entry?.isDirectory ? [entry.name] : []));
  return files.filter(
    ({ name, size, type }) => !(folders.includes(name) && type === '' && size % 4096 === 0),
  );
}

async function text(file: File): Promise<string> {
  if (file.size > TEXT_BYTES) {
    throw new TinctureError('studio/model-files', 'too large for a text of a model', {
      where: file.name,
      expected: `at most ${TEXT_BYTES} bytes`,
      found: `${file.size}`,
    });
  }
  return file.text();
}

function parseManifest(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new TinctureError('studio/model-files', 'is not JSON', { where: 'model.json', cause });
  }
  if (isRecord(value)) return value;
  throw new TinctureError('studio/model-files', 'is not an object', { where: 'model.json' });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
