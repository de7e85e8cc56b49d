// A mask as the strokes that made it, and the pixels that they come to; pure, so that undoing is leaving one out.

/** Coordinates are the start picture's pixels, x and y in turn. */
export type MaskStroke =
  | {
      readonly kind: 'stroke';
      readonly erases: boolean;
      readonly radius: number;
      readonly points: readonly number[];
    }
  | { readonly kind: 'invert' }
  | { readonly kind: 'clear' };

/** 255 where the picture is drawn anew, else 0; row by row. */
export interface MaskPixels {
  readonly width: number;
  readonly height: number;
  readonly values: Uint8ClampedArray<ArrayBuffer>;
}

/** Whole pixels, right and bottom not included. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The pixels that a line of this radius can touch; at least one. */
export function boxAround(
  { width, height }: Pick<MaskPixels, 'width' | 'height'>,
  [x0 = 0, y0 = 0]: readonly number[],
  [x1 = 0, y1 = 0]: readonly number[],
  radius: number,
): Box {
  const inside = (place: number, length: number) => Math.min(Math.max(Math.floor(place), 0), length - 1);
  return {
    left: inside(Math.min(x0, x1) - radius, width),
    top: inside(Math.min(y0, y1) - radius, height),
    right: inside(Math.max(x0, x1) + radius, width) + 1,
    bottom: inside(Math.max(y0, y1) + radius, height) + 1,
  };
}

/** What strokes come to, one after the other. */
export function paintMask(width: number, height: number, strokes: readonly MaskStroke[]): MaskPixels {
  const mask = { width, height, values: new Uint8ClampedArray(width * height) };
  for (const stroke of strokes) paintStroke(mask, stroke);
  return mask;
}

/** Changes the mask's values. */
export function paintStroke(mask: MaskPixels, stroke: MaskStroke): void {
  const { values } = mask;
  if (stroke.kind === 'clear') values.fill(0);
  else if (stroke.kind === 'invert') for (let i = 0; i < values.length; i++) values[i] = 255 - values[i]!;
  else {
    const { points, radius, erases } = stroke;
    const level = erases ? 0 : 255;
    paintSegment(mask, points.slice(0, 2), points.slice(0, 2), radius, level);
    for (let i = 2; i + 1 < points.length; i += 2) {
      paintSegment(mask, points.slice(i - 2, i), points.slice(i, i + 2), radius, level);
    }
  }
}

/** All pixels whose centre is within the radius of the line from one point to the other. */
export function paintSegment(
  mask: MaskPixels,
  from: readonly number[],
  to: readonly number[],
  radius: number,
  level: number,
): void {
  const { left, top, right, bottom } = boxAround(mask, from, to, radius);
  const [x0 = 0, y0 = 0] = from;
  const [x1 = 0, y1 = 0] = to;
  const [dx, dy] = [x1 - x0, y1 - y0];
  const square = dx * dx + dy * dy;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const [px, py] = [x + 0.5 - x0, y + 0.5 - y0];
      const along = square === 0 ? 0 : Math.min(Math.max((px * dx + py * dy) / square, 0), 1);
      const distance = (px - along * dx) ** 2 + (py - along * dy) ** 2;
      if (distance <= radius * radius) mask.values[y * mask.width + x] = level;
    }
  }
}

/** Of a stored draft; undefined for what are no strokes. */
export function parseStrokes(value: unknown): readonly MaskStroke[] | undefined {
  return Array.isArray(value) && value.every(isStroke) ? value : undefined;
}

function isStroke(value: unknown): value is MaskStroke {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  if (value.kind === 'invert' || value.kind === 'clear') return true;
  if (value.kind !== 'stroke' || !('erases' in value) || !('radius' in value) || !('points' in value))
    return false;
  const { erases, radius, points } = value;
  const numbers = [radius, ...(Array.isArray(points) ? points : [undefined])];
  return typeof erases === 'boolean' && numbers.every(Number.isFinite) && numbers.length % 2 === 1;
}
