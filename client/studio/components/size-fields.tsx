// Width and height: three shapes of the model's own size, or numbers.
import type { Settings } from '../state/settings.ts';
import { LIMITS, PIXEL_MULTIPLE } from '../state/settings.ts';
import type { StudioState } from '../state/studio.ts';
import { useSelected } from './studio-context.ts';

export interface SizeFieldsProps {
  readonly width: number;
  readonly height: number;
  readonly set: (change: Partial<Settings>) => void;
}

/** Side that the chosen model was made for. */
const selectSide = (state: StudioState) =>
  state.models.find(({ name }) => name === state.model)?.defaults.width ?? 64;

const selectMultiple = (state: StudioState) =>
  state.press.phase === 'ready' ? state.press.facts.pixelMultiple : PIXEL_MULTIPLE;

export function SizeFields({ width, height, set }: SizeFieldsProps) {
  const side = useSelected(selectSide);
  const step = useSelected(selectMultiple);
  const long = Math.round((side * 1.5) / step) * step;
  const shapes = [
    { title: 'Square', width: side, height: side },
    { title: 'Wide', width: long, height: side },
    { title: 'Tall', width: side, height: long },
  ];
  const number = (text: string, otherwise: number) => (text.trim() === '' ? otherwise : Number(text));
  return (
    <fieldset class="size">
      <legend class="field-name">Size</legend>
      <div class="shapes">
        {shapes.map((shape) => (
          <button
            key={shape.title}
            type="button"
            class="shape"
            aria-pressed={shape.width === width && shape.height === height}
            onClick={() => set({ width: shape.width, height: shape.height })}
          >
            <span class="shape-mark" style={{ aspectRatio: `${shape.width} / ${shape.height}` }} />
            {shape.title}
          </button>
        ))}
      </div>
      <div class="sides">
        <input
          class="number"
          type="number"
          {...LIMITS.side}
          step={step}
          value={width}
          aria-label="Width in pixels"
          onChange={(event) => set({ width: number(event.currentTarget.value, width) })}
        />
        <span aria-hidden="true">×</span>
        <input
          class="number"
          type="number"
          {...LIMITS.side}
          step={step}
          value={height}
          aria-label="Height in pixels"
          onChange={(event) => set({ height: number(event.currentTarget.value, height) })}
        />
      </div>
    </fieldset>
  );
}
