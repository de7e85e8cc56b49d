// The drawer of everything that the presets decide for most people.
import { useId } from 'preact/hooks';
import type { FieldSpec } from './form-fields.ts';
import { EMPTY_CHOICE, FIELD_GROUPS } from './form-fields.ts';
import { FormText } from './form-text.tsx';
import { RateField } from './rate-field.tsx';
import { useTrain, useTraining } from './training-context.ts';
import { type FormField, PRESETS, type TrainingForm } from './training-form.ts';
import type { TrainingPageState } from './training-state.ts';

const selectForm = (state: TrainingPageState) => state.form;

export interface DrawerProps {
  readonly faults: ReadonlyMap<FormField, string>;
  readonly busy: boolean;
  /** A net is there already: what shapes it is settled. */
  readonly begun: boolean;
}

export function Drawer({ faults, busy, begun }: DrawerProps) {
  const form = useTrain(selectForm);
  const changed = changedFields(form);
  return (
    <details class="finer train-drawer">
      <summary>
        Rate, words, layers and more <span class="finer-state">{changed}</span>
      </summary>
      <fieldset class="finer-body" disabled={busy}>
        <legend class="sr">Rate, words, layers and more</legend>
        {FIELD_GROUPS.map(({ title, fields }) => (
          <section key={title} class="drawer-group" aria-label={title}>
            <h4>{title}</h4>
            <div class="drawer-fields">
              {title === 'Learning' ? <RateField faults={faults} /> : null}
              {fields
                .filter(({ preset }) => preset === undefined || preset === form.preset)
                .map((spec) => (
                  <Field key={spec.field} spec={spec} faults={faults} fixed={begun && spec.shape === true} />
                ))}
            </div>
          </section>
        ))}
      </fieldset>
    </details>
  );
}

interface FieldProps {
  readonly spec: FieldSpec;
  readonly faults: ReadonlyMap<FormField, string>;
  readonly fixed: boolean;
}

function Field({ spec: { field, label, hint, kind }, faults, fixed }: FieldProps) {
  const { actions } = useTraining();
  const form = useTrain(selectForm);
  const id = useId();
  if (kind === 'text' || kind === 'lines') {
    return (
      <FormText
        field={field}
        label={label}
        hint={hint}
        faults={faults}
        fixed={fixed}
        lines={kind === 'lines'}
      />
    );
  }
  if (kind === 'switch') {
    return (
      <label class="switch wide">
        <input
          type="checkbox"
          checked={form[field] === true}
          disabled={fixed}
          onChange={(event) => actions.set({ [field]: event.currentTarget.checked })}
        />
        {label}
      </label>
    );
  }
  return (
    <div class="field">
      <label class="field-name" for={id}>
        {label}
        {hint === undefined ? null : <span class="field-hint"> {hint}</span>}
      </label>
      <select
        id={id}
        value={String(form[field])}
        disabled={fixed}
        onChange={(event) => actions.set({ [field]: event.currentTarget.value })}
      >
        {kind.map((choice) => (
          <option key={choice} value={choice}>
            {choice === '' ? EMPTY_CHOICE[field] : choice}
          </option>
        ))}
      </select>
    </div>
  );
}

/** Which fields are no longer the preset's, in words. */
function changedFields(form: TrainingForm): string {
  const preset = PRESETS[form.preset];
  const specs = FIELD_GROUPS.flatMap(({ fields }) => fields);
  const changed = [{ field: 'rate' as const, label: 'Learning rate' }, ...specs]
    .filter(({ field }) => form[field] !== preset[field])
    .map(({ label }) => label.toLowerCase());
  return changed.length > 3 ? `${changed.slice(0, 3).join(', ')} …` : changed.join(', ');
}
