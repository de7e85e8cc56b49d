// The pictures of a set as they are cut for training, for eyes and for figures.
import type { Pixels } from '../formats/png.ts';
import type { Crop, TrainingPicture } from '../training/examples.ts';
import { focusOf } from '../training/examples.ts';
import { decodePicture, fitPicture, type PictureDecoder, type Size } from '../training/pictures.ts';

/** Decodes a picture and cuts it to `size`, on white. Throws what reading and decoding throw. */
export async function cutPicture(
  picture: TrainingPicture,
  size: Size,
  crop: Crop,
  decodeOther?: PictureDecoder,
): Promise<Pixels> {
  const pixels = await decodePicture(await picture.read(), picture.name, decodeOther);
  const { image } = fitPicture(pixels, size, { focus: focusOf(pixels, size, crop) });
  const count = size.width * size.height;
  return {
    width: size.width,
    height: size.height,
    pixels: Uint8ClampedArray.from({ length: 4 * count }, (_, i) =>
      i % 4 === 3 ? 255 : (image.data[(i % 4) * count + (i >> 2)]! + 1) * 127.5,
    ),
  };
}
