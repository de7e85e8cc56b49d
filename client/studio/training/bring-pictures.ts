// From dropped files to pictures with words: captions from texts beside them, else from names; bad files told by name.
import {
  captionOfFileName,
  decodeCaption,
  MAX_CAPTION_BYTES,
  PICTURE_NAME,
} from '../../training/captions.ts';
import { MAX_FILE_BYTES, MAX_PICTURES, MIN_SIDE } from '../../training/pictures.ts';

export interface BroughtFile {
  /** With the folders, where it came in some. */
  readonly path: string;
  readonly file: Blob;
}

/** Files of one drop: pictures and their texts. */
export const MAX_BROUGHT = 20_000;

/** A picture of the training set, on the page. */
export interface SetPicture {
  readonly id: string;
  readonly name: string;
  readonly caption: string;
  readonly width: number;
  readonly height: number;
  readonly file: Blob;
}

export interface BroughtPictures {
  readonly pictures: readonly SetPicture[];
  /** Captions for pictures that were brought before, by the stem of their names. */
  readonly captions: ReadonlyMap<string, string>;
  /** What was left out, and why. */
  readonly notices: readonly string[];
}

/** The path without its ending: what a picture and its text have in common. */
export function stemOf(path: string): string {
  return path.replace(/\.[^./\\]+$/, '');
}

/** Looks at the files; `held` is how many pictures are there already. */
export async function bringPictures(
  files: readonly BroughtFile[],
  held: number,
  onProgress: (done: number, total: number) => void,
): Promise<BroughtPictures> {
  const notices: string[] = [];
  const captions = new Map<string, string>();
  for (const { path, file } of files) {
    if (!/\.txt$/i.test(path)) continue;
    if (file.size > MAX_CAPTION_BYTES) notices.push(`${path} is too long for a caption, and was left out.`);
    else captions.set(stemOf(path), decodeCaption(new Uint8Array(await file.arrayBuffer())));
  }
  const candidates = files.filter(({ path }) => PICTURE_NAME.test(path));
  const others = files.filter(({ path }) => !PICTURE_NAME.test(path) && !/\.txt$/i.test(path));
  if (others.length > 0)
    notices.push(`Neither pictures nor captions: ${some(others.map(({ path }) => path))}.`);
  const pictures: SetPicture[] = [];
  for (const [index, { path, file }] of candidates.entries()) {
    onProgress(index, candidates.length);
    if (held + pictures.length >= MAX_PICTURES) {
      notices.push(`More than ${MAX_PICTURES} pictures are too many; the rest was left out.`);
      break;
    }
    const size = await sizeOf(file);
    if (typeof size === 'string') {
      notices.push(`${path} ${size}, and was left out.`);
      continue;
    }
    const caption = captions.get(stemOf(path)) ?? captionOfFileName(path);
    pictures.push({ id: crypto.randomUUID(), name: path, caption, ...size, file });
  }
  return { pictures, captions, notices };
}

/** The picture's size as it is shown, or what is wrong with it. */
async function sizeOf(file: Blob): Promise<{ readonly width: number; readonly height: number } | string> {
  if (file.size > MAX_FILE_BYTES) return `has more than ${MAX_FILE_BYTES / 2 ** 20} MiB`;
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return 'cannot be read as a picture';
  }
  const { width, height } = bitmap;
  bitmap.close();
  if (Math.min(width, height) >= MIN_SIDE) return { width, height };
  return `has ${width} × ${height} pixels, fewer than ${MIN_SIDE} a side`;
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
