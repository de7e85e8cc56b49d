// What is compared: a name, the steps of each, pictures held back, and the button.
import { useId } from 'preact/hooks';
import { usePart, useStudio } from '../components/studio-context.ts';
import { useTrain } from '../training/training-context.ts';
import type { TrainingPageState } from '../training/training-state.ts';
import { type ComparisonForm, readComparison } from './comparison-form.ts';
import { type ComparisonPageState, comparison, startComparison } from './comparison-run.ts';

const selectPictures = (state: TrainingPageState) => state.pictures;
const selectTrains = (state: TrainingPageState) => state.run !== undefined;
const selectForm = (state: ComparisonPageState) => state.form;

const FIELDS: readonly {
  readonly field: keyof ComparisonForm;
  readonly label: string;
  readonly hint: string;
  readonly otherwise: string;
}[] = [
  { field: 'name', label: 'Name', hint: 'of the style; files and word are named after it', otherwise: '' },
  { field: 'steps', label: 'Steps', hint: 'of each training', otherwise: '1000' },
  { field: 'holdBack', label: 'Held back', hint: 'pictures for the validation loss', otherwise: 'a fifth' },
  {
    field: 'pictureSteps',
    label: 'Steps of a picture',
    hint: 'drawn for the report',
    otherwise: 'the model’s',
  },
];

/** With one picture there is none to tell a style by. */
const FEWEST = 2;

export function ComparisonPlan() {
  const studio = useStudio();
  const pictures = useTrain(selectPictures);
  const trains = useTrain(selectTrains);
  const form = usePart(comparison, selectForm);
  const { wish, faults } = readComparison(form);
  const ready = wish !== undefined && pictures.length >= FEWEST && !trains;
  return (
    <form
      class="train-plan"
      aria-label="What to compare"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void startComparison(studio, pictures);
      }}
    >
      {FIELDS.map((spec) => (
        <Field key={spec.field} {...spec} value={form[spec.field]} fault={faults.get(spec.field)} />
      ))}
      <button type="submit" class="draw" aria-disabled={!ready}>
        Compare
      </button>
      <p class="hint" role="status">
        {trains
          ? 'The training under way must be paused first.'
          : pictures.length < FEWEST
            ? `Pictures come first: ${FEWEST} at least.`
            : 'Both are trained on this device, one after the other, then pictures are drawn with each. It goes on while you look elsewhere.'}
      </p>
    </form>
  );
}

interface FieldProps {
  readonly field: keyof ComparisonForm;
  readonly label: string;
  readonly hint: string;
  readonly otherwise: string;
  readonly value: string;
  readonly fault: string | undefined;
}

function Field({ field, label, hint, otherwise, value, fault }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label class="field-name" for={`${id}-text`}>
        {label} <span class="field-hint">{hint}</span>
      </label>
      <input
        id={`${id}-text`}
        type="text"
        value={value}
        placeholder={otherwise}
        spellcheck={false}
        autocomplete="off"
        aria-invalid={fault !== undefined}
        aria-describedby={fault === undefined ? undefined : id}
        onInput={({ currentTarget }) =>
          comparison.dispatch({ form: { ...comparison.state().form, [field]: currentTarget.value } })
        }
      />
      {fault === undefined ? null : (
        <span id={id} class="field-fault" role="status">
          {fault}
        </span>
      )}
    </div>
  );
}
