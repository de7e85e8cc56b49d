// A picture's file as pixels, by the browser's own decoders; large ones come scaled.
import { TinctureError } from '../../index.ts';
import type { Picture } from './tincture.ts';

/** More pixels a side are not drawn, so not needed either. */
const LARGEST_SIDE = 2048;

/** Throws `studio/picture` for what the browser cannot show. */
export async function readPicture(file: File): Promise<Picture> {
  const bitmap = await createImageBitmap(file).catch((cause: unknown) => {
    throw new TinctureError('studio/picture', 'the picture cannot be read', {
      where: file.name,
      expected: 'a PNG, JPEG, WebP or another picture that this browser shows',
      fix: 'Convert it with a program that shows it.',
      cause,
    });
  });
  try {
    const by = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * by)));
    const context = new OffscreenCanvas(width!, height!).getContext('2d')!;
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, width!, height!);
    const { data } = context.getImageData(0, 0, width!, height!);
    return { width: width!, height: height!, pixels: data };
  } finally {
    bitmap.close();
  }
}
