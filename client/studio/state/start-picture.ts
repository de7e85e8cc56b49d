// The picture that drawing begins on, with the mask painted over it; and what the engine is asked for with it.
import { type MaskPixels, type MaskStroke, paintMask } from './mask-strokes.ts';
import type { Settings } from './settings.ts';
import type { DrawRequest, Picture } from './tincture.ts';

export interface StartPicture {
  readonly name: string;
  readonly picture: Picture;
  /** Under which its file is kept on this device; undefined where it could not be. */
  readonly sha256: string | undefined;
  readonly strokes: readonly MaskStroke[];
}

export type StartAction =
  | { readonly kind: 'begin-on'; readonly start: Omit<StartPicture, 'strokes'> & Partial<StartPicture> }
  | { readonly kind: 'begin-on-noise' }
  | { readonly kind: 'mask'; readonly stroke: MaskStroke }
  | { readonly kind: 'undo-mask' };

export function reduceStart(start: StartPicture | undefined, action: StartAction): StartPicture | undefined {
  switch (action.kind) {
    case 'begin-on':
      return { strokes: [], ...action.start };
    case 'begin-on-noise':
      return undefined;
    case 'mask':
      return start && { ...start, strokes: [...start.strokes, action.stroke] };
    case 'undo-mask':
      return start && { ...start, strokes: start.strokes.slice(0, -1) };
  }
}

/** The mask that the strokes come to; undefined where no pixel of it is painted, so that the whole picture is drawn anew. */
export function maskOf({ picture, strokes }: StartPicture): MaskPixels | undefined {
  if (strokes.length === 0) return undefined;
  const mask = paintMask(picture.width, picture.height, strokes);
  return mask.values.some((value) => value > 0) ? mask : undefined;
}

/** White where the picture is drawn anew, on black. */
export function maskPicture({ width, height, values }: MaskPixels): Picture {
  const pixels = new Uint8ClampedArray(4 * values.length);
  for (const [i, value] of values.entries()) {
    pixels[4 * i] = value;
    pixels[4 * i + 1] = value;
    pixels[4 * i + 2] = value;
    pixels[4 * i + 3] = 255;
  }
  return { width, height, pixels };
}

/** What a request says of a start. */
export function startRequest(start: StartPicture | undefined, settings: Settings): Partial<DrawRequest> {
  if (start === undefined) return {};
  const mask = maskOf(start);
  return {
    image: start.picture,
    denoisingStrength: settings.denoisingStrength,
    ...(mask && {
      mask: maskPicture(mask),
      maskBlur: settings.maskBlur,
      maskedContent: settings.maskedContent,
    }),
  };
}

/** Larger pictures than one and a half of the model's own side are drawn smaller, until the user says otherwise. */
const LARGEST = 1.5;

/** The size to draw at: the picture's shape, no larger than the model draws well, in multiples that it can draw. */
export function sizeOver(
  { width, height }: Picture,
  side: number,
  multiple: number,
): Pick<Settings, 'width' | 'height'> {
  const by = Math.min(1, (LARGEST * side) / Math.max(width, height));
  const drawable = (pixels: number) =>
    Math.max(multiple, Math.floor((pixels * by) / multiple + 1e-9) * multiple);
  return { width: drawable(width), height: drawable(height) };
}
