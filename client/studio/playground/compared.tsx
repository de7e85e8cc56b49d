// Two pictures in one frame, with the style on the left and without it on the right, and the slider that moves their line.
import { PictureCanvas } from '../components/picture-canvas.tsx';
import { useSelected } from '../components/studio-context.ts';
import type { StudioState } from '../state/studio.ts';
import type { Picture } from '../state/tincture.ts';

const selectCrisp = (state: StudioState) => state.crisp;

export interface ComparedProps {
  readonly now: Picture;
  /** Of the same size; undefined until it is drawn. */
  readonly plain: Picture | undefined;
  /** Percent of the width, from the left, that shows the picture with the style. */
  readonly line: number;
}

export function Compared({ now, plain, line }: ComparedProps) {
  const crisp = useSelected(selectCrisp);
  return (
    <div class="compared" style={{ '--line': plain === undefined ? '100%' : `${line}%` }}>
      {plain === undefined ? null : (
        <PictureCanvas picture={plain} crisp={crisp} label="The picture without the style" />
      )}
      <div class="compared-now">
        <PictureCanvas picture={now} crisp={crisp} label="The picture with the style" />
      </div>
      {plain !== undefined && line > 0 && line < 100 ? <i class="compared-line" aria-hidden="true" /> : null}
    </div>
  );
}

export interface CompareSliderProps {
  readonly line: number;
  readonly onLine: (line: number) => void;
}

export function CompareSlider({ line, onLine }: CompareSliderProps) {
  return (
    <div class="compare">
      <button type="button" class="quiet" aria-pressed={line === 100} onClick={() => onLine(100)}>
        With
      </button>
      <input
        type="range"
        min={0}
        max={100}
        step={1}
        value={line}
        style={{ '--from': '0%', '--to': `${line}%` }}
        aria-label="How much of the picture is shown with the style, in percent"
        onInput={(event) => onLine(Number(event.currentTarget.value))}
      />
      <button type="button" class="quiet" aria-pressed={line === 0} onClick={() => onLine(0)}>
        Without
      </button>
    </div>
  );
}
