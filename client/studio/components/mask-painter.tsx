// The canvas that a mask is painted on: by mouse, pen, touch, or keyboard.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { boxAround, type MaskPixels, type MaskStroke, paintStroke } from '../state/mask-strokes.ts';
import type { Picture } from '../state/tincture.ts';
import { showMasked } from './masked-canvas.tsx';

export interface MaskPainterProps {
  readonly picture: Picture;
  readonly mask: MaskPixels;
  /** In the picture's pixels. */
  readonly radius: number;
  readonly erases: boolean;
  /** Called once a stroke, when it ends. */
  readonly onStroke: (stroke: MaskStroke) => void;
}

type Point = readonly [x: number, y: number];

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function MaskPainter({ picture, mask, radius, erases, onStroke }: MaskPainterProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  /** Of the stroke under way, and the mask with it. */
  const points = useRef<number[]>([]);
  const wet = useRef<MaskPixels>(mask);
  const [brush, setBrush] = useState<Point>();
  const { width, height } = picture;

  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    if (element.width !== width || element.height !== height) {
      element.width = width;
      element.height = height;
    }
    wet.current = { ...mask, values: new Uint8ClampedArray(mask.values) };
    showMasked(element, picture, mask);
  }, [picture, mask, width, height]);

  const stroke = (all: readonly number[]): MaskStroke => ({ kind: 'stroke', erases, radius, points: all });
  /** Lays the newest bit of the stroke on the canvas at once. */
  const extend = (point: Point): void => {
    const before = points.current.slice(-2);
    points.current.push(...point);
    paintStroke(wet.current, stroke([...before, ...point]));
    if (canvas.current === null) return;
    const from = before.length === 0 ? point : before;
    showMasked(canvas.current, picture, wet.current, boxAround(picture, from, point, radius));
  };
  const end = (): void => {
    if (points.current.length === 0) return;
    const all = points.current;
    points.current = [];
    onStroke(stroke(all));
  };
  const pointAt = (event: PointerEvent): Point => {
    const box = canvas.current!.getBoundingClientRect();
    const tenth = (value: number) => Math.round(10 * value) / 10;
    return [
      tenth(((event.clientX - box.left) / box.width) * width),
      tenth(((event.clientY - box.top) / box.height) * height),
    ];
  };
  const byKey = (event: KeyboardEvent): void => {
    const direction = ARROWS[event.key];
    const [x, y] = brush ?? [width / 2, height / 2];
    if (direction !== undefined) {
      event.preventDefault();
      const step = Math.max(1, radius / 2);
      const within = (value: number, end: number) => Math.min(Math.max(value, 0), end);
      setBrush([within(x + step * direction[0], width), within(y + step * direction[1], height)]);
    } else if (event.key === ' ' || event.key === 'Enter') {
      event.preventDefault();
      setBrush([x, y]);
      onStroke(stroke([x, y]));
    }
  };
  const at = brush ?? [width / 2, height / 2];
  return (
    <div
      class="mask-field"
      style={{ '--shape': width / height }}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it is painted on by keyboard as well.
      tabIndex={0}
      role="application"
      aria-label="The picture, to paint on: arrow keys move the brush, space paints"
      onKeyDown={byKey}
    >
      <canvas
        ref={canvas}
        class="picture mask-canvas"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.preventDefault();
          event.currentTarget.setPointerCapture(event.pointerId);
          extend(pointAt(event));
        }}
        onPointerMove={(event) => {
          setBrush(pointAt(event));
          if (points.current.length > 0) extend(pointAt(event));
        }}
        onPointerUp={end}
        onPointerCancel={end}
      />
      <i
        class="mask-brush"
        aria-hidden="true"
        style={{
          left: `${(100 * at[0]) / width}%`,
          top: `${(100 * at[1]) / height}%`,
          width: `${(200 * radius) / width}%`,
        }}
      />
    </div>
  );
}
