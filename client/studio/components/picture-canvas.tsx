// Pixels on a canvas, as large as its box; the browser scales them smoothly or with hard edges.
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Picture } from '../state/tincture.ts';

export interface PictureCanvasProps {
  readonly picture: Picture;
  /** What it shows, for those who cannot see it. */
  readonly label: string;
  readonly crisp: boolean;
}

export function PictureCanvas({ picture, label, crisp }: PictureCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const { width, height, pixels } = picture;
    const element = canvas.current;
    if (element === null) return;
    element.width = width;
    element.height = height;
    element.getContext('2d')?.putImageData(new ImageData(pixels, width, height), 0, 0);
  }, [picture]);
  return <canvas ref={canvas} class={crisp ? 'picture crisp' : 'picture'} role="img" aria-label={label} />;
}
