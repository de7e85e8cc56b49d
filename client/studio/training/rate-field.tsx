// The learning-rate schedule as text, read while one types; what is wrong is pointed at.
import { parseRateSchedule, RateTextError } from '../../training/rate.ts';
import { FormText } from './form-text.tsx';
import { useTrain } from './training-context.ts';
import { ALL_STEPS, type FormField } from './training-form.ts';
import type { TrainingPageState } from './training-state.ts';

const selectRate = (state: TrainingPageState) => state.form.rate;

export function RateField({ faults }: { readonly faults: ReadonlyMap<FormField, string> }) {
  const rate = useTrain(selectRate);
  const wrong = rate.trim() === '' ? undefined : wrongPlace(rate);
  return (
    <div class="rate-field wide">
      <FormText
        field="rate"
        label="Learning rate"
        hint="such as 5e-5:100, 1e-6; more for a small model"
        faults={faults}
      />
      {wrong === undefined ? null : (
        <p class="rate-place" aria-hidden="true">
          {rate.slice(0, wrong.at)}
          <mark>{wrong.length === 0 ? '‸' : rate.slice(wrong.at, wrong.at + wrong.length)}</mark>
          {rate.slice(wrong.at + wrong.length)}
        </p>
      )}
    </div>
  );
}

function wrongPlace(rate: string): RateTextError | undefined {
  try {
    parseRateSchedule(rate, ALL_STEPS);
    return undefined;
  } catch (error) {
    return error instanceof RateTextError ? error : undefined;
  }
}
