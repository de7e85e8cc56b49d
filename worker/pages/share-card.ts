// The picture that shares of a style show: its previews on the studio's paper, 1200 × 630, made when somebody asks.
import { decodePng, type Pixels } from '../../client/formats/png.ts';
import { writePngChunks } from '../../client/formats/png-chunks.ts';

export const CARD_WIDTH = 1200;
export const CARD_HEIGHT = 630;
/** Part of the card's etag: another look is another card. */
export const CARD_DESIGN = 1;
/** Pixels of a preview that is decoded: four times this many bytes are held at once. */
const MAX_PREVIEW_PIXELS = 2 ** 22;
/** Pixels of the large square, which shows the last picture: in a sheet that is the style at its strongest. */
const SIDE = 510;
/** Pictures before it, in a column beside it. */
const OTHERS = 3;
const GAP = 24;
/** Width of the frame around a tile, and of the band at the card's edge. */
const FRAME = 3;
const BAND = 18;

type Colour = readonly [red: number, green: number, blue: number];
const BENCH: Colour = [0xe9, 0xe3, 0xd5];
const PAPER: Colour = [0xfb, 0xf8, 0xf1];
/** The light tinctures, in the order of the styles' hatchings. */
const TINCTURES: readonly Colour[] = [
  [0x24, 0x50, 0x8f], [0xa1, 0x30, 0x2a], [0x27, 0x60, 0x45], [0x68, 0x37, 0x77], [0x2c, 0x2a, 0x28], [0x7d, 0x5a, 0x06],
]; // biome-ignore format: a row of colours

/** A square part of a picture. */
interface Tile {
  readonly picture: Pixels;
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

/**
 * PNG of the card. `previews` are PNG files, of which broken or too large ones are left out; a wide one is a sheet of pictures
 * side by side. `tincture` is 0 … 5. Without a picture the card shows the tincture's hatching.
 */
export async function shareCard(
  previews: readonly Uint8Array[],
  tincture: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const colour = TINCTURES[tincture] ?? TINCTURES[0]!;
  const canvas = new Canvas(CARD_WIDTH, CARD_HEIGHT, BENCH);
  canvas.fill(0, 0, CARD_WIDTH, BAND, colour);
  const [main, ...others] = previews
    .flatMap((bytes) => tilesOf(bytes))
    .slice(-1 - OTHERS)
    .reverse();
  const small = Math.floor((SIDE - (OTHERS - 1) * GAP) / OTHERS);
  const width = SIDE + (others.length > 0 ? GAP + small : 0);
  const left = Math.floor((CARD_WIDTH - width) / 2);
  const top = BAND + Math.floor((CARD_HEIGHT - BAND - SIDE) / 2);
  const place = (tile: Tile | undefined, x: number, y: number, side: number): void => {
    canvas.fill(x - FRAME, y - FRAME, side + 2 * FRAME, side + 2 * FRAME, colour);
    canvas.fill(x, y, side, side, PAPER);
    if (tile === undefined) canvas.hatch(x, y, side, colour);
    else canvas.draw(tile, x, y, side);
  };
  place(main, left, top, SIDE);
  for (const [row, tile] of others.entries())
    place(tile, left + SIDE + GAP, top + row * (small + GAP), small);
  return canvas.png();
}

/** The squares of a preview: of a sheet each picture, else its middle. None where it cannot be decoded within the bounds. */
function tilesOf(bytes: Uint8Array): Tile[] {
  if (!isSmall(bytes)) return [];
  let picture: Pixels;
  try {
    picture = decodePng(bytes);
  } catch {
    return [];
  }
  const { width, height } = picture;
  const side = Math.min(width, height);
  const along = Math.max(1, Math.floor(width / side));
  const start = along > 1 ? 0 : Math.floor((width - side) / 2);
  return Array.from({ length: along }, (_, place) => ({
    picture,
    left: start + place * side,
    top: Math.floor((height - side) / 2),
    side,
  }));
}

/** Reads width and height where every PNG has them, before anything is inflated. */
function isSmall(bytes: Uint8Array): boolean {
  if (bytes.length < 24) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(16) * view.getUint32(20) <= MAX_PREVIEW_PIXELS;
}

class Canvas {
  readonly #width: number;
  readonly #height: number;
  /** Each row begins with its filter byte, as a PNG's data has it. */
  readonly #rows: Uint8Array<ArrayBuffer>;
  readonly #stride: number;

  constructor(width: number, height: number, colour: Colour) {
    this.#width = width;
    this.#height = height;
    this.#stride = 1 + width * 3;
    this.#rows = new Uint8Array(this.#stride * height);
    this.fill(0, 0, width, height, colour);
  }

  fill(left: number, top: number, width: number, height: number, colour: Colour): void {
    const row = new Uint8Array(width * 3);
    for (let at = 0; at < row.length; at += 3) row.set(colour, at);
    for (let y = top; y < top + height; y++) this.#rows.set(row, this.#at(left, y));
  }

  hatch(left: number, top: number, side: number, colour: Colour): void {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        if ((x + y) % 16 < 4) this.#rows.set(colour, this.#at(left + x, top + y));
      }
    }
  }

  /** Draws a tile with bilinear interpolation, over what is there. */
  draw({ picture, left, top, side: from }: Tile, x0: number, y0: number, side: number): void {
    const { width, pixels } = picture;
    const scale = from / side;
    for (let y = 0; y < side; y++) {
      const [row, nextRow, down] = between(y, scale, from);
      for (let x = 0; x < side; x++) {
        const [column, nextColumn, right] = between(x, scale, from);
        const at = (i: number, j: number) => ((top + i) * width + left + j) * 4;
        const corners = [at(row, column), at(row, nextColumn), at(nextRow, column), at(nextRow, nextColumn)];
        const weights = [(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right];
        const target = this.#at(x0 + x, y0 + y);
        for (let channel = 0; channel < 3; channel++) {
          let sum = 0;
          for (let corner = 0; corner < 4; corner++) {
            const opacity = pixels[corners[corner]! + 3]! / 255;
            const under = this.#rows[target + channel]!;
            sum += weights[corner]! * (pixels[corners[corner]! + channel]! * opacity + under * (1 - opacity));
          }
          this.#rows[target + channel] = Math.round(sum);
        }
      }
    }
  }

  /** PNG of what was drawn; nothing can be drawn afterwards. */
  async png(): Promise<Uint8Array<ArrayBuffer>> {
    const header = new Uint8Array(13);
    const view = new DataView(header.buffer);
    view.setUint32(0, this.#width);
    view.setUint32(4, this.#height);
    // 8 bits a channel, RGB; deflate, the five filters, not interlaced.
    header.set([8, 2, 0, 0, 0], 8);
    this.#filter();
    const deflated = new Blob([this.#rows]).stream().pipeThrough(new CompressionStream('deflate'));
    return writePngChunks([
      { type: 'IHDR', data: header },
      { type: 'IDAT', data: new Uint8Array(await new Response(deflated).arrayBuffer()) },
      { type: 'IEND', data: new Uint8Array() },
    ]);
  }

  /** Each row as its difference to the one above (filter 2, Up): smooth pictures deflate to a third so. */
  #filter(): void {
    const rows = this.#rows;
    for (let y = this.#height - 1; y >= 0; y--) {
      const begin = y * this.#stride;
      for (let at = begin + 1; y > 0 && at < begin + this.#stride; at++)
        rows[at]! -= rows[at - this.#stride]!;
      rows[begin] = 2;
    }
  }

  #at(x: number, y: number): number {
    return y * this.#stride + 1 + x * 3;
  }
}

/** The two source places that a target place lies between, by their centres, and the share of the second. */
function between(place: number, scale: number, size: number): readonly [number, number, number] {
  const centre = Math.min(Math.max((place + 0.5) * scale - 0.5, 0), size - 1);
  const first = Math.floor(centre);
  return [first, Math.min(first + 1, size - 1), centre - first];
}
