// Pictures outside browsers: kinds, EXIF turns, alpha, grey ones; broken, huge and foreign files.
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { decodeAnyPicture } from '../../client/formats/node-picture.ts';
import { encodePng } from '../../client/formats/png.ts';

/** Left half red, right half blue. */
const [WIDTH, HEIGHT] = [64, 32];
const PIXELS = Uint8ClampedArray.from({ length: WIDTH * HEIGHT * 4 }, (_, i) => {
  const left = (i >> 2) % WIDTH < WIDTH / 2;
  return [left ? 255 : 0, 0, left ? 0 : 255, 255][i % 4]!;
});
const raw = () => sharp(Buffer.from(PIXELS), { raw: { width: WIDTH, height: HEIGHT, channels: 4 } });

/** Rounded to what lossy kinds keep. */
const at = ({ width, pixels }: { width: number; pixels: Uint8ClampedArray }, x: number, y: number) =>
  [...pixels.slice(4 * (y * width + x), 4 * (y * width + x) + 4)].map((value) => (value > 127 ? 1 : 0));

test.each(['jpeg', 'webp', 'gif'] as const)('%s', async (format) => {
  const picture = await decodeAnyPicture(await raw().toFormat(format).toBuffer(), `a.${format}`);
  expect([picture.width, picture.height, picture.pixels.length]).toEqual([WIDTH, HEIGHT, WIDTH * HEIGHT * 4]);
  expect([at(picture, 8, 16), at(picture, 56, 16)]).toEqual([[1, 0, 0, 1], [0, 0, 1, 1]]); // biome-ignore format: one line
});

test('PNG is read by our own reader, to the byte', async () => {
  const png = encodePng({ width: WIDTH, height: HEIGHT, pixels: PIXELS });
  expect((await decodeAnyPicture(png, 'a.png')).pixels).toEqual(PIXELS);
});

test('a JPEG is turned as its EXIF data says', async () => {
  const turned = await raw().jpeg().withMetadata({ orientation: 6 }).toBuffer();
  const picture = await decodeAnyPicture(turned, 'a.jpg');
  expect([picture.width, picture.height]).toEqual([HEIGHT, WIDTH]);
  expect([at(picture, 16, 8), at(picture, 16, 56)]).toEqual([[1, 0, 0, 1], [0, 0, 1, 1]]); // biome-ignore format: one line
});

test('grey, progressive, CMYK and transparent pictures become RGBA', async () => {
  const grey = await decodeAnyPicture(
    await raw().greyscale().jpeg({ progressive: true }).toBuffer(),
    'grey.jpg',
  );
  expect(grey.pixels.length).toBe(WIDTH * HEIGHT * 4);
  expect(grey.pixels[0]).toBe(grey.pixels[1]);
  const cmyk = await decodeAnyPicture(await raw().toColourspace('cmyk').jpeg().toBuffer(), 'cmyk.jpg');
  expect(at(cmyk, 8, 16)).toEqual([1, 0, 0, 1]);
  const clear = Buffer.from(PIXELS.map((value, i) => (i % 4 === 3 ? 0 : value)));
  const webp = sharp(clear, { raw: { width: WIDTH, height: HEIGHT, channels: 4 } }).webp({ lossless: true });
  expect((await decodeAnyPicture(await webp.toBuffer(), 'a.webp')).pixels[3]).toBe(0);
});

test('a broken, a huge and a foreign file are refused in words', async () => {
  const jpeg = await raw().jpeg().toBuffer();
  await expect(decodeAnyPicture(jpeg.subarray(0, jpeg.length / 2), 'cut.jpg')).rejects.toThrow(/cut\.jpg/);
  await expect(decodeAnyPicture(new TextEncoder().encode('hello'), 'a.jpg')).rejects.toThrow(
    /a\.jpg.*cannot be read/,
  );
  const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  await expect(decodeAnyPicture(svg, 'a.svg')).rejects.toThrow(
    /a\.svg.*not read.*PNG, JPEG, WebP or GIF.*svg/s,
  );
  // The frame header's height and width, behind its marker, length and precision.
  const huge = Uint8Array.from(jpeg);
  const frame = huge.findIndex((byte, i) => byte === 0xff && huge[i + 1] === 0xc0);
  huge.set([0xff, 0xdc, 0xff, 0xdc], frame + 5);
  await expect(decodeAnyPicture(huge, 'huge.jpg')).rejects.toThrow(/too large.*65500 × 65500/s);
});
