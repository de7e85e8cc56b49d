// A picture with its mask laid over it in stripes.
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Box, MaskPixels } from '../state/mask-strokes.ts';
import type { Picture } from '../state/tincture.ts';

export interface MaskedCanvasProps {
  readonly picture: Picture;
  readonly mask: MaskPixels | undefined;
  /** What it shows, for those who cannot see it. */
  readonly label: string;
}

export function MaskedCanvas({ picture, mask, label }: MaskedCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    element.width = picture.width;
    element.height = picture.height;
    showMasked(element, picture, mask);
  }, [picture, mask]);
  return <canvas ref={canvas} class="picture" role="img" aria-label={label} />;
}

/** Share of the tint in what is painted: the picture stays to be seen. */
const TINT = 0.6;
/** Dark and light stripes, which show on any colour. */
const STRIPES = [
  [29, 36, 67],
  [251, 248, 241],
] as const;

/** Shows a part of the picture, or all, on a canvas of its size, what the mask covers striped. */
export function showMasked(
  canvas: HTMLCanvasElement,
  { width, height, pixels }: Picture,
  mask: MaskPixels | undefined,
  part: Box = { left: 0, top: 0, right: width, bottom: height },
): void {
  const [wide, high] = [part.right - part.left, part.bottom - part.top];
  const shown = new ImageData(wide, high);
  const stripe = Math.max(2, Math.round(Math.max(width, height) / 64));
  for (let y = part.top; y < part.bottom; y++) {
    const row = y * width;
    const to = 4 * wide * (y - part.top);
    shown.data.set(pixels.subarray(4 * (row + part.left), 4 * (row + part.right)), to);
    if (mask === undefined) continue;
    for (let x = part.left; x < part.right; x++) {
      if (mask.values[row + x] === 0) continue;
      const colour = STRIPES[(x + y) % (2 * stripe) < stripe ? 0 : 1];
      const at = to + 4 * (x - part.left);
      for (let c = 0; c < 3; c++) {
        shown.data[at + c] = TINT * colour[c]! + (1 - TINT) * shown.data[at + c]!;
      }
      shown.data[at + 3] = 255;
    }
  }
  canvas.getContext('2d')?.putImageData(shown, part.left, part.top);
}
