// The drawer of a style's card: factors for keys, values and widths, and the strength over the steps.
import type { StrengthFactors, StrengthPoint } from '../../index.ts';
import { FACTOR, type FactorOf, factorOf } from '../state/strengths.ts';
import { CurveEditor } from './curve-editor.tsx';
import { Slider } from './slider.tsx';

export interface StrengthDrawerProps {
  /** Whose they are, for those who hear the page. */
  readonly owner: string;
  /** Widths that the style bends of the loaded model. */
  readonly widths: readonly number[];
  readonly strengths: StrengthFactors | undefined;
  readonly overSteps: readonly StrengthPoint[] | undefined;
  readonly onFactor: (of: FactorOf, factor: number) => void;
  readonly onCurve: (points: readonly StrengthPoint[]) => void;
}

export function StrengthDrawer(props: StrengthDrawerProps) {
  const { owner, widths, strengths, overSteps = [], onFactor, onCurve } = props;
  const adjusted = strengths !== undefined || overSteps.length > 0;
  const factors: readonly (readonly [of: FactorOf, label: string])[] = [
    ['k', 'Keys'],
    ['v', 'Values'],
    ...widths.map((width) => [width, `Width ${width}`] as const),
  ];
  return (
    <details class="strength-drawer">
      <summary>
        By part and step
        {adjusted ? <span class="drawer-state"> · adjusted</span> : null}
        <span class="sr">{`: strength of ${owner}`}</span>
      </summary>
      <fieldset class="style-parameters">
        <legend class="hint">
          Times the strength, for what the attention’s keys and values read and for each width
        </legend>
        {factors.map(([of, label]) => (
          <Slider
            key={of}
            label={label}
            value={factorOf(strengths, of)}
            min={0}
            max={2}
            step={FACTOR.step}
            onChange={(value) => onFactor(of, value)}
          />
        ))}
      </fieldset>
      <CurveEditor owner={owner} points={overSteps} onChange={onCurve} />
    </details>
  );
}
