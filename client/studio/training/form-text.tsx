// One text of the form, with what is wrong with it beneath while one types.
import { useId } from 'preact/hooks';
import { useTrain, useTraining } from './training-context.ts';
import { type FormField, placeholders } from './training-form.ts';
import type { TrainingPageState } from './training-state.ts';

const selectForm = (state: TrainingPageState) => state.form;

export interface FormTextProps {
  readonly field: FormField;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly faults: ReadonlyMap<FormField, string>;
  readonly fixed?: boolean | undefined;
  readonly lines?: boolean;
}

export function FormText({ field, label, hint = '', faults, fixed = false, lines = false }: FormTextProps) {
  const { actions } = useTraining();
  const form = useTrain(selectForm);
  const fault = faults.get(field);
  const id = useId();
  const common = {
    id: `${id}-text`,
    value: String(form[field]),
    placeholder: placeholders(form.preset)[field] ?? '',
    readOnly: fixed,
    spellcheck: false,
    autocomplete: 'off',
    'aria-invalid': fault !== undefined,
    'aria-describedby': fault === undefined ? undefined : id,
    onInput: ({ currentTarget }: { currentTarget: { value: string } }) =>
      actions.set({ [field]: currentTarget.value }),
  } as const;
  return (
    <div class={lines ? 'field wide' : 'field'}>
      <label class="field-name" for={common.id}>
        {label}
        {hint === '' ? null : <span class="field-hint"> {hint}</span>}
      </label>
      {lines ? <textarea rows={2} {...common} /> : <input type="text" {...common} />}
      {fault === undefined ? null : (
        <span id={id} class="field-fault" role="status">
          {fault}
        </span>
      )}
    </div>
  );
}
