// A VAE run over overlapping tiles of a picture, their results blended linearly, so that memory does not grow with it.
import type { Session } from '../runtime/session.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';

/** How a picture is cut; lengths are in latents. */
export interface Tiling {
  /** Side of a tile. */
  readonly side: number;
  /** At least so much of a tile lies under the next one. */
  readonly overlap: number;
  /** The picture's edges meet: tiles lie across them too. */
  readonly wraps: boolean;
}

/** Where a tile lies along one axis; one that wraps may begin before its end and go on at its start. */
export interface Span {
  readonly start: number;
  readonly length: number;
}

/** An axis in the input's unit and in the output's. */
interface Axis {
  readonly spans: readonly Span[];
  /** How much each span counts at each place of its output; all spans together count 1 at every place. */
  readonly shares: readonly Float32Array[];
  /** Of the whole output. */
  readonly size: number;
}

/** What is run over tiles. */
export interface TiledRun {
  readonly input: string;
  readonly output: string;
  /** Places of the input, and of the output, for each latent along an axis: a decoder's are 1 and the latent factor. */
  readonly inputScale: number;
  readonly outputScale: number;
  readonly tiling: Tiling;
  /** Asked before every tile. */
  readonly signal?: AbortSignal | undefined;
}

/** Covers `size` latents with spans of one length, evenly spaced. Those of an axis that wraps go all around it, two at least. */
export function spansOf(size: number, { side, overlap, wraps }: Tiling): Span[] {
  const length = Math.min(side, size);
  const reach = length - Math.min(overlap, length - 1);
  const count = wraps
    ? Math.max(2, Math.ceil(size / reach))
    : 1 + Math.ceil(Math.max(0, size - length) / reach);
  const step = wraps ? size / count : (size - length) / Math.max(1, count - 1);
  return Array.from({ length: count }, (_, i) => ({ start: Math.round(i * step), length }));
}

/**
 * The session over tiles: [1, c, h, w] of any size in, a multiple of `inputScale`, and out what the session would give, but for what a tile does not see of the
 * others. Rejects with the signal's reason when aborted between two tiles.
 */
export function tiledSession(session: Session, run: TiledRun): Session {
  return {
    backend: session.backend,
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    release: () => session.release(),
    async run(feeds) {
      const { shape, data } = feeds[run.input]!;
      const whole = tensor(shape, data instanceof Float32Array ? data : Float32Array.from(data));
      const [, , height, width] = shape as [number, number, number, number];
      const rows = axisOf(height / run.inputScale, run);
      const columns = axisOf(width / run.inputScale, run);
      let sum: Tensor | undefined;
      for (const [i, row] of rows.spans.entries()) {
        for (const [j, column] of columns.spans.entries()) {
          run.signal?.throwIfAborted();
          const tile = cut(whole, scaled(row, run.inputScale), scaled(column, run.inputScale));
          const drawn = (await session.run({ [run.input]: tile }))[run.output]!;
          sum ??= tensor([1, drawn.shape[1]!, rows.size, columns.size]);
          const [down, right] = [row, column].map(({ start }) => start * run.outputScale) as [number, number];
          addShare(sum, drawn, { down, right, rows: rows.shares[i]!, columns: columns.shares[j]! });
        }
      }
      return { [run.output]: sum! };
    },
  };
}

function scaled({ start, length }: Span, scale: number): Span {
  return { start: start * scale, length: length * scale };
}

function axisOf(latents: number, { tiling, outputScale }: TiledRun): Axis {
  const spans = spansOf(latents, tiling);
  const size = latents * outputScale;
  const outputs = spans.map((span) => scaled(span, outputScale));
  const ramps = outputs.map((span, i) => {
    const before = outputs[i - 1] ?? (tiling.wraps ? outputs.at(-1) : undefined);
    const behind = outputs[i + 1] ?? (tiling.wraps ? outputs[0] : undefined);
    return ramp(span.length, under(before, span, size), under(span, behind, size));
  });
  const total = new Float32Array(size);
  for (const [i, { start }] of outputs.entries()) {
    for (const [x, value] of ramps[i]!.entries()) total[(start + x) % size]! += value;
  }
  const shares = ramps.map((values, i) =>
    values.map((value, x) => value / total[(outputs[i]!.start + x) % size]!),
  );
  return { spans, shares, size };
}

/** How far `first` reaches into `second`, which follows it; 0 where there is no neighbour. */
function under(first: Span | undefined, second: Span | undefined, size: number): number {
  if (first === undefined || second === undefined) return 0;
  return (first.start + first.length - second.start + size) % size;
}

/** 1 inside, rising from 0 over the first `rise` places and falling to 0 over the last `fall`. */
function ramp(length: number, rise: number, fall: number): Float32Array {
  return Float32Array.from({ length }, (_, x) => {
    const up = rise === 0 ? 1 : (x + 0.5) / rise;
    const down = fall === 0 ? 1 : (length - x - 0.5) / fall;
    return Math.min(1, up, down);
  });
}

/** The part of x [1, c, h, w] in these rows and columns, taken around the edges where they go on. */
function cut({ shape, data }: Tensor, rows: Span, columns: Span): Tensor {
  const [, channels, height, width] = shape as [number, number, number, number];
  const part = tensor([1, channels, rows.length, columns.length]);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < rows.length; y++) {
      const line = (c * height + ((rows.start + y) % height)) * width;
      for (let x = 0; x < columns.length; x++) part.data[at++] = data[line + ((columns.start + x) % width)]!;
    }
  }
  return part;
}

interface Place {
  readonly down: number;
  readonly right: number;
  readonly rows: Float32Array;
  readonly columns: Float32Array;
}

/** Adds a tile's share to the sum, around the edges where it goes on. */
function addShare(sum: Tensor, tile: Tensor, { down, right, rows, columns }: Place): void {
  const [, channels, height, width] = sum.shape as [number, number, number, number];
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < rows.length; y++) {
      const line = (c * height + ((down + y) % height)) * width;
      for (let x = 0; x < columns.length; x++) {
        sum.data[line + ((right + x) % width)]! += tile.data[at++]! * rows[y]! * columns[x]!;
      }
    }
  }
}
