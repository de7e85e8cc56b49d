// Runs inside the page: pictures in the formats that a browser reads, as training decodes them.
import { decodePicture } from '../../../client/training/pictures.ts';

const WIDTH = 96;
const HEIGHT = 64;

/** Smooth colours, which lossy formats keep well; the left half is opaque, the right fades out where alpha is asked for. */
function drawn(alpha: boolean): ImageData {
  const image = new ImageData(WIDTH, HEIGHT);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      image.data.set([2 * x, 3 * y, 200 - x, alpha && x >= WIDTH / 2 ? 128 : 255], 4 * (y * WIDTH + x));
    }
  }
  return image;
}

export interface Decoded {
  readonly size: readonly [width: number, height: number];
  /** Mean over all channels of how far the values are off, 0 … 255. */
  readonly difference: number;
}

/** Encodes by the browser, decodes as training does. */
export async function decoded(
  type: 'image/png' | 'image/jpeg' | 'image/webp',
  alpha: boolean,
): Promise<Decoded> {
  const wanted = drawn(alpha);
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  canvas.getContext('2d')!.putImageData(wanted, 0, 0);
  const blob = await canvas.convertToBlob({ type, quality: 0.95 });
  if (blob.type !== type) throw new Error(`this browser does not write ${type}`);
  const picture = await decodePicture(new Uint8Array(await blob.arrayBuffer()), 'a picture');
  const off = picture.pixels.reduce((sum, value, i) => sum + Math.abs(value - wanted.data[i]!), 0);
  return { size: [picture.width, picture.height], difference: off / wanted.data.length };
}

/** The words for a file that begins as a JPEG does and is none. */
export async function broken(): Promise<string> {
  try {
    await decodePicture(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 1, 2, 3), 'photo.jpg');
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
}
