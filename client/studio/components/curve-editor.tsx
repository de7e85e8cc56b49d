// A curve of strength over the steps: drawn and dragged as a line, and typed as points.
import { useRef } from 'preact/hooks';
import type { StrengthPoint } from '../../index.ts';
import { CURVES, FACTOR, movedPoint, withPoint } from '../state/strengths.ts';
import { Icon } from './icon.tsx';

export interface CurveEditorProps {
  readonly owner: string;
  readonly points: readonly StrengthPoint[];
  readonly onChange: (points: readonly StrengthPoint[]) => void;
}

/** The drawing's own units; its heights are factors 0 … 2. */
const WIDE = 200;
const HIGH = 80;
const TOP = 2;
/** A press this near to a point takes hold of it. */
const NEAR = 10;

export function CurveEditor({ owner, points, onChange }: CurveEditorProps) {
  return (
    <fieldset class="curve">
      <legend class="hint">{`Over the steps, from the first to the last`}</legend>
      <CurveLine points={points} onChange={onChange} />
      <div class="curve-kinds">
        {CURVES.map((curve) => (
          <button
            key={curve.name}
            type="button"
            class="quiet"
            aria-pressed={JSON.stringify(curve.points) === JSON.stringify(points)}
            onClick={() => onChange(curve.points)}
          >
            {curve.name}
          </button>
        ))}
        <button
          type="button"
          class="tool small"
          title="Add a point"
          aria-disabled={points.length >= FACTOR.points}
          onClick={() =>
            onChange(withPoint(points, { at: points.at(-1)?.at ?? 0.5, factor: points.at(-1)?.factor ?? 1 }))
          }
        >
          <Icon name="add" />
          <span class="sr">{`Add a point to the curve of ${owner}`}</span>
        </button>
      </div>
      <ol class="curve-points">
        {points.map((point, index) => (
          <li key={index}>
            <PointFields
              name={`Point ${index + 1}`}
              point={point}
              onMove={(to) => onChange(movedPoint(points, index, to))}
              onRemove={() => onChange(points.toSpliced(index, 1))}
            />
          </li>
        ))}
      </ol>
    </fieldset>
  );
}

function CurveLine({ points, onChange }: Omit<CurveEditorProps, 'owner'>) {
  const drawing = useRef<HTMLDivElement>(null);
  const held = useRef<number | undefined>(undefined);
  const placeOf = (event: PointerEvent): StrengthPoint => {
    const { left, top, width, height } = drawing.current!.getBoundingClientRect();
    const factor = TOP * (1 - (event.clientY - top) / height);
    return { at: (event.clientX - left) / width, factor: Math.round(factor / FACTOR.step) * FACTOR.step };
  };
  const grip = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const place = placeOf(event);
    const near = points.findIndex(
      ({ at, factor }) => Math.hypot((at - place.at) * WIDE, ((factor - place.factor) * HIGH) / TOP) < NEAR,
    );
    const next = near === -1 ? withPoint(points, place) : points;
    held.current = near === -1 ? next.findIndex(({ at }) => Math.abs(at - place.at) < 1e-3) : near;
    drawing.current!.setPointerCapture(event.pointerId);
    if (near === -1) onChange(next);
  };
  const drag = (event: PointerEvent) => {
    const index = held.current;
    if (index === undefined || index < 0 || points[index] === undefined) return;
    onChange(movedPoint(points, index, placeOf(event)));
  };
  const release = () => {
    held.current = undefined;
  };
  const y = (factor: number) => HIGH * (1 - Math.min(TOP, Math.max(0, factor)) / TOP);
  const first = points[0]?.factor ?? 1;
  const last = points.at(-1)?.factor ?? 1;
  const line = [[0, first], ...points.map(({ at, factor }) => [at, factor]), [1, last]]
    .map(([at, factor]) => `${at! * WIDE},${y(factor!)}`)
    .join(' ');
  return (
    <div
      ref={drawing}
      class="curve-field"
      aria-hidden="true"
      onPointerDown={grip}
      onPointerMove={drag}
      onPointerUp={release}
      onPointerCancel={release}
    >
      <svg aria-hidden="true" viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none">
        <line x1="0" x2={WIDE} y1={y(1)} y2={y(1)} />
        <polyline points={line} />
      </svg>
      {points.map(({ at, factor }, index) => (
        <span key={index} style={{ left: `${100 * at}%`, top: `${(100 * y(factor)) / HIGH}%` }} />
      ))}
    </div>
  );
}

interface PointFieldsProps {
  readonly name: string;
  readonly point: StrengthPoint;
  readonly onMove: (to: StrengthPoint) => void;
  readonly onRemove: () => void;
}

function PointFields({ name, point, onMove, onRemove }: PointFieldsProps) {
  const typed = (text: string, take: (value: number) => StrengthPoint) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value)) onMove(take(value));
  };
  return (
    <>
      <label>
        at{' '}
        <input
          class="number"
          type="number"
          min={0}
          max={100}
          step={5}
          value={Math.round(point.at * 1000) / 10}
          aria-label={`${name}, percent of the steps`}
          onChange={({ currentTarget }) =>
            typed(currentTarget.value, (value) => ({ ...point, at: value / 100 }))
          }
        />{' '}
        %
      </label>
      <label>
        times{' '}
        <input
          class="number"
          type="number"
          min={FACTOR.minimum}
          max={FACTOR.maximum}
          step={FACTOR.step}
          value={point.factor}
          aria-label={`${name}, factor`}
          onChange={({ currentTarget }) => typed(currentTarget.value, (factor) => ({ ...point, factor }))}
        />
      </label>
      <button type="button" class="tool small" title="Remove the point" onClick={onRemove}>
        <Icon name="close" />
        <span class="sr">{`Remove ${name.toLowerCase()}`}</span>
      </button>
    </>
  );
}
