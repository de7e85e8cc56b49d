// The numbers that a style's plugin takes, one slider each.
import type { StyleParameter } from '../state/styles.ts';
import { stepOf } from '../state/styles.ts';
import { Slider } from './slider.tsx';

export interface ParameterSlidersProps {
  readonly parameters: readonly StyleParameter[];
  /** By name; one that is absent stands at its default. */
  readonly values: Readonly<Record<string, number>>;
  /** Whose they are, for those who hear the page. */
  readonly owner: string;
  readonly onChange: (name: string, value: number) => void;
}

export function ParameterSliders({ parameters, values, owner, onChange }: ParameterSlidersProps) {
  if (parameters.length === 0) return null;
  return (
    <fieldset class="style-parameters">
      <legend class="sr">{`Parameters of ${owner}`}</legend>
      {parameters.map((parameter) => {
        const { name, title, minimum, maximum } = parameter;
        return (
          <Slider
            key={name}
            label={title ?? name.replaceAll('-', ' ')}
            value={values[name] ?? parameter.default}
            min={minimum}
            max={maximum}
            step={stepOf(parameter)}
            // A range with zero inside is filled from there, as strengths are.
            origin={Math.min(maximum, Math.max(minimum, 0))}
            onChange={(value) => onChange(name, value)}
          />
        );
      })}
    </fieldset>
  );
}
