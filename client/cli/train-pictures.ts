// A folder of pictures as a training set: every picture file, with the words from the text beside it or from its name.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TinctureError } from '../../plugins/contract/error.ts';
import { captionOfFileName, decodeCaption, MAX_CAPTION_BYTES, PICTURE_NAME } from '../training/captions.ts';
import type { TrainingPicture } from '../training/examples.ts';

/** The pictures of a folder in the order of their names, with notices of captions that were not used. */
export async function readPictureFolder(
  folder: string,
): Promise<{ readonly pictures: readonly TrainingPicture[]; readonly notices: readonly string[] }> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw new TinctureError('cli/input', 'the folder of pictures cannot be read', {
      where: folder,
      found: (cause as Error).message,
      cause,
    });
  }
  const notices: string[] = [];
  const pictures: TrainingPicture[] = [];
  const all = new Set(names);
  for (const name of names.filter((candidate) => PICTURE_NAME.test(candidate)).sort()) {
    const path = join(folder, name);
    const facts = await stat(path);
    if (!facts.isFile()) continue;
    const textName = name.replace(PICTURE_NAME, '.txt');
    const text = all.has(textName) ? await readCaption(join(folder, textName), notices) : undefined;
    pictures.push({
      name,
      caption: text ?? captionOfFileName(name),
      size: facts.size,
      read: async () => new Uint8Array(await readFile(path)),
    });
  }
  const wordless = pictures.filter(({ caption }) => caption === '').map(({ name }) => name);
  if (wordless.length > 0) {
    notices.push(
      `${wordless.length} of ${pictures.length} pictures have no words, in a .txt file or in their name, such as ${wordless[0]}`,
    );
  }
  return { pictures, notices };
}

async function readCaption(path: string, notices: string[]): Promise<string | undefined> {
  const { size } = await stat(path);
  if (size <= MAX_CAPTION_BYTES) return decodeCaption(await readFile(path));
  notices.push(
    `${path} has ${size} bytes, more than a caption's ${MAX_CAPTION_BYTES}; the file name is taken instead`,
  );
  return undefined;
}
