// A slider with its number beside it: drag, arrow keys, or type.
import { useId } from 'preact/hooks';

export interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** Where the filled part of the track begins; default `min`. */
  readonly origin?: number;
  readonly onChange: (value: number) => void;
}

export function Slider({ label, value, min, max, step, origin = min, onChange }: SliderProps) {
  const id = useId();
  // A typed value may lie outside of the track; the track then ends where it ends.
  const share = (at: number) => `${(100 * (Math.min(max, Math.max(min, at)) - min)) / (max - min)}%`;
  const track = { '--from': share(Math.min(origin, value)), '--to': share(Math.max(origin, value)) };
  const change = (text: string) => {
    const typed = Number(text);
    if (text.trim() !== '' && Number.isFinite(typed)) onChange(typed);
  };
  return (
    <div class="slider" style={track}>
      <label for={id}>{label}</label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        onInput={(event) => change(event.currentTarget.value)}
      />
      <input
        class="number"
        type="number"
        step={step}
        value={Math.round(value * 1000) / 1000}
        aria-label={`${label}, as a number`}
        onChange={(event) => change(event.currentTarget.value)}
      />
    </div>
  );
}
